-- The decision log as an RFC 6962 tree. Indexes count from 0, hashes are 32 raw bytes.

CREATE TABLE log_entry (
  idx           INTEGER PRIMARY KEY CHECK (idx >= 0),
  agreement     BLOB,
  job_id        TEXT    NOT NULL,
  party         TEXT    NOT NULL,
  -- 1: for every member, not only for the parties of an agreement.
  everyone      INTEGER NOT NULL CHECK (everyone IN (0, 1)),
  -- The exact bytes of a LogEntry, and its leaf hash.
  entry         BLOB    NOT NULL CHECK (length(entry) <= 65535),
  leaf          BLOB    NOT NULL CHECK (length(leaf) = 32),
  -- The Comparison that the entry holds a hash of, and what was hashed before it.
  comparison    BLOB,
  comparison_salt BLOB,
  CHECK ((comparison IS NULL) = (comparison_salt IS NULL))
) STRICT;
CREATE INDEX log_entry_by_agreement ON log_entry (agreement, idx);
CREATE INDEX log_entry_by_job ON log_entry (job_id, idx) WHERE job_id <> '';

-- Roots of complete subtrees of 256^level leaves: what hash tiles of that level hold. Level 0 is
-- log_entry.leaf.
CREATE TABLE log_node (
  level         INTEGER NOT NULL CHECK (level > 0),
  idx           INTEGER NOT NULL CHECK (idx >= 0),
  hash          BLOB    NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, idx)
) STRICT, WITHOUT ROWID;

-- The newest checkpoint, and a MAC over it under a key that whoever edits this file does not have.
CREATE TABLE log_checkpoint (
  only          INTEGER PRIMARY KEY CHECK (only = 1),
  size          INTEGER NOT NULL,
  note          BLOB    NOT NULL,
  mac           BLOB    NOT NULL
) STRICT;

-- Checkpoints that witnesses cosigned, with their signatures; the newest of them.
CREATE TABLE cosigned_checkpoint (
  size          INTEGER PRIMARY KEY CHECK (size > 0),
  note          BLOB    NOT NULL
) STRICT;

CREATE TRIGGER log_entry_is_not_updated BEFORE UPDATE ON log_entry
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_entry_is_not_deleted BEFORE DELETE ON log_entry
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_node_is_not_updated BEFORE UPDATE ON log_node
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_node_is_not_deleted BEFORE DELETE ON log_node
BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_checkpoint_only_grows BEFORE UPDATE ON log_checkpoint
WHEN NEW.size <= OLD.size
BEGIN SELECT RAISE(ABORT, 'the log only grows'); END;
