-- Verification sets of owners, each sealed to the broker. A shredded or removed one that no open draw
-- needs is emptied.
CREATE TABLE verification_set (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  owner         TEXT    NOT NULL,
  sha256        BLOB    NOT NULL CHECK (length(sha256) = 32),
  name          TEXT    NOT NULL,
  size_bytes    INTEGER NOT NULL,
  -- The bytes of a SealedBytes.
  sealed        BLOB    NOT NULL,
  added_at      INTEGER NOT NULL,
  removed_at    INTEGER,
  UNIQUE (agreement, owner, sha256)
) STRICT;

-- Which set an enclave was given, and how that ended. One enclave for each job and party.
CREATE TABLE gate_draw (
  job_id        TEXT    NOT NULL REFERENCES job (job_id),
  party         TEXT    NOT NULL,
  owner         TEXT    NOT NULL,
  verification_set INTEGER NOT NULL REFERENCES verification_set (number),
  draw          BLOB    NOT NULL CHECK (length(draw) = 32),
  receive_key   BLOB    NOT NULL,
  signing_key   BLOB    NOT NULL CHECK (length(signing_key) = 32),
  drawn_at      INTEGER NOT NULL,
  -- Null while it is open.
  verdict       TEXT,
  PRIMARY KEY (job_id, party, owner)
) STRICT;
CREATE INDEX gate_draw_by_set ON gate_draw (verification_set);

CREATE TRIGGER verification_set_stays BEFORE UPDATE ON verification_set
WHEN NEW.agreement <> OLD.agreement OR NEW.owner <> OLD.owner OR NEW.sha256 <> OLD.sha256
  OR NEW.name <> OLD.name OR NEW.added_at <> OLD.added_at
  OR (OLD.removed_at IS NOT NULL AND NEW.removed_at IS NOT OLD.removed_at)
  OR (NEW.sealed <> OLD.sealed AND length(NEW.sealed) > 0)
BEGIN SELECT RAISE(ABORT, 'a verification set can be removed and emptied, and nothing else'); END;
CREATE TRIGGER verification_set_is_not_deleted BEFORE DELETE ON verification_set
BEGIN SELECT RAISE(ABORT, 'a verification set stays in the list'); END;
CREATE TRIGGER gate_draw_stays BEFORE UPDATE ON gate_draw
WHEN OLD.verdict IS NOT NULL OR NEW.verdict IS NULL
  OR NEW.job_id <> OLD.job_id OR NEW.party <> OLD.party OR NEW.owner <> OLD.owner
  OR NEW.verification_set <> OLD.verification_set OR NEW.draw <> OLD.draw
  OR NEW.receive_key <> OLD.receive_key OR NEW.signing_key <> OLD.signing_key
BEGIN SELECT RAISE(ABORT, 'a draw gets one verdict, and nothing else'); END;
CREATE TRIGGER gate_draw_is_not_deleted BEFORE DELETE ON gate_draw
BEGIN SELECT RAISE(ABORT, 'draws are append-only'); END;
