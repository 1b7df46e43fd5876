-- Times are milliseconds since 1970, UTC. Digests are 32 raw bytes.

CREATE TABLE agreement (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  sha256        BLOB    NOT NULL UNIQUE CHECK (length(sha256) = 32),
  payload       BLOB    NOT NULL,
  proposed_at   INTEGER NOT NULL,
  activated_at  INTEGER,
  halted_by     TEXT,
  max_jobs      INTEGER NOT NULL CHECK (max_jobs > 0),
  jobs_started  INTEGER NOT NULL DEFAULT 0 CHECK (jobs_started BETWEEN 0 AND max_jobs),
  -- The agreement's KEK as its vault keeps it; exists from activation on.
  kek           BLOB,
  CHECK ((activated_at IS NULL) = (kek IS NULL))
) STRICT;

CREATE TABLE agreement_party (
  agreement     BLOB NOT NULL REFERENCES agreement (sha256),
  party         TEXT NOT NULL,
  signature     BLOB,
  signed_at     INTEGER,
  -- Set while the agreement is halted and this party wants it back.
  resume_asked  INTEGER NOT NULL DEFAULT 0 CHECK (resume_asked IN (0, 1)),
  PRIMARY KEY (agreement, party)
) STRICT;
CREATE INDEX agreement_by_party ON agreement_party (party);

CREATE TABLE job (
  job_id        TEXT    PRIMARY KEY,
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  job_sha256    BLOB    NOT NULL CHECK (length(job_sha256) = 32),
  submitter     TEXT    NOT NULL,
  request_id    TEXT    NOT NULL,
  -- Which job of the agreement this is, counted from 1.
  ordinal       INTEGER NOT NULL CHECK (ordinal > 0),
  created_at    INTEGER NOT NULL,
  UNIQUE (submitter, request_id),
  UNIQUE (agreement, ordinal)
) STRICT;

-- A key exists once per agreement, purpose, name and epoch, always wrapped by the agreement's KEK.
CREATE TABLE data_key (
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  purpose       TEXT    NOT NULL CHECK (purpose IN ('dataset', 'job')),
  name          TEXT    NOT NULL,
  epoch         INTEGER NOT NULL CHECK (epoch > 0),
  wrapped       BLOB    NOT NULL,
  PRIMARY KEY (agreement, purpose, name, epoch)
) STRICT;

-- The one enclave per job and party that keys were released to.
CREATE TABLE enclave (
  job_id          TEXT NOT NULL REFERENCES job (job_id),
  party           TEXT NOT NULL,
  receive_key     BLOB NOT NULL,
  signing_key     BLOB NOT NULL CHECK (length(signing_key) = 32),
  evidence_kind   TEXT NOT NULL,
  evidence_sha256 BLOB NOT NULL CHECK (length(evidence_sha256) = 32),
  granted_at      INTEGER NOT NULL,
  PRIMARY KEY (job_id, party)
) STRICT;

CREATE TABLE receipt (
  job_id        TEXT NOT NULL REFERENCES job (job_id),
  computed_at   TEXT NOT NULL,
  report_sha256 BLOB NOT NULL CHECK (length(report_sha256) = 32),
  envelope      BLOB NOT NULL,
  PRIMARY KEY (job_id, computed_at)
) STRICT;

CREATE TABLE membership (
  version       INTEGER PRIMARY KEY CHECK (version > 0),
  envelope      BLOB NOT NULL
) STRICT;

CREATE TABLE decision (
  sequence      INTEGER PRIMARY KEY CHECK (sequence > 0),
  agreement     BLOB,
  job_id        TEXT,
  party         TEXT NOT NULL,
  -- 1: for every member, not only for the parties of an agreement.
  everyone      INTEGER NOT NULL CHECK (everyone IN (0, 1)),
  entry         BLOB NOT NULL,
  hash          BLOB NOT NULL CHECK (length(hash) = 32)
) STRICT;
CREATE INDEX decision_by_agreement ON decision (agreement, sequence);

-- Where the record ends, under a key that whoever edits this file does not have.
CREATE TABLE decision_head (
  only          INTEGER PRIMARY KEY CHECK (only = 1),
  sequence      INTEGER NOT NULL,
  hash          BLOB NOT NULL,
  mac           BLOB NOT NULL
) STRICT;

CREATE TRIGGER decision_is_not_updated BEFORE UPDATE ON decision
BEGIN SELECT RAISE(ABORT, 'the record of decisions is append-only'); END;
CREATE TRIGGER decision_is_not_deleted BEFORE DELETE ON decision
BEGIN SELECT RAISE(ABORT, 'the record of decisions is append-only'); END;
CREATE TRIGGER job_is_not_updated BEFORE UPDATE ON job
BEGIN SELECT RAISE(ABORT, 'jobs are append-only'); END;
CREATE TRIGGER job_is_not_deleted BEFORE DELETE ON job
BEGIN SELECT RAISE(ABORT, 'jobs are append-only'); END;
CREATE TRIGGER jobs_started_only_grows BEFORE UPDATE OF jobs_started ON agreement
WHEN NEW.jobs_started < OLD.jobs_started
BEGIN SELECT RAISE(ABORT, 'a counted job stays counted'); END;
CREATE TRIGGER receipt_is_not_updated BEFORE UPDATE ON receipt
BEGIN SELECT RAISE(ABORT, 'receipts are append-only'); END;
