-- What the node remembers. Instants are milliseconds since 1970 (UTC); digests are 32 bytes.
CREATE TABLE job (
  job_id           TEXT PRIMARY KEY,
  agreement        BLOB NOT NULL,
  agreement_name   TEXT NOT NULL,
  submitter_party  TEXT NOT NULL,
  submitter_client TEXT NOT NULL, -- empty where another party's client submitted
  request_id       TEXT NOT NULL, -- empty likewise
  request_sha256   BLOB NOT NULL, -- what was asked for, to notice a request_id used for something else
  state            TEXT NOT NULL,
  spec             BLOB NOT NULL,
  created          INTEGER NOT NULL,
  ended            INTEGER,
  phase            TEXT NOT NULL,
  progress         TEXT NOT NULL,
  phases           TEXT NOT NULL, -- of the own enclave: name=milliseconds since 1970, blanks between
  status           BLOB NOT NULL, -- google.rpc.Status, empty unless FAILED or CANCELLED
  failed_at        TEXT NOT NULL,
  receipt          BLOB NOT NULL, -- DSSE envelope, empty unless SUCCEEDED or EXPIRED
  evidence_kind    TEXT NOT NULL
) STRICT;

CREATE UNIQUE INDEX job_request ON job (submitter_client, request_id) WHERE request_id <> '';
CREATE INDEX job_newest ON job (created DESC, job_id DESC);

CREATE TABLE result (
  job_id     TEXT NOT NULL REFERENCES job (job_id),
  name       TEXT NOT NULL,
  size_bytes INTEGER NOT NULL,
  sha256     BLOB NOT NULL,
  recipients TEXT NOT NULL, -- names, separated by commas
  file       TEXT NOT NULL, -- below the results folder; empty when this node does not hold it
  expires    INTEGER NOT NULL,
  PRIMARY KEY (job_id, name)
) STRICT;

CREATE TABLE dataset (
  name       TEXT PRIMARY KEY,
  columns    BLOB NOT NULL, -- one line per column: base64 of its name, tab, type, tab, nullable
  row_count  INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL,
  added      INTEGER NOT NULL,
  salt       BLOB NOT NULL,
  commitment BLOB NOT NULL,
  file       TEXT NOT NULL -- below the datasets folder
) STRICT;
