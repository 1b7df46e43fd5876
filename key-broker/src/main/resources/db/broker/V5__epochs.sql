-- The epochs of a dataset's key. A job gets the newest one whose first job is not after it: a
-- rotation changes nothing for jobs that were counted before, whenever their enclaves ask.
CREATE TABLE dataset_epoch (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  dataset       TEXT    NOT NULL,
  epoch         INTEGER NOT NULL CHECK (epoch > 0),
  first_job     INTEGER NOT NULL CHECK (first_job > 0),
  created_at    INTEGER NOT NULL,
  retired_at    INTEGER,
  UNIQUE (agreement, dataset, epoch)
) STRICT;

CREATE TABLE dataset_revocation (
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  dataset       TEXT    NOT NULL,
  revoked_at    INTEGER NOT NULL,
  PRIMARY KEY (agreement, dataset)
) STRICT;

INSERT INTO dataset_epoch (agreement, dataset, epoch, first_job, created_at)
SELECT k.agreement, k.name, k.epoch, 1, a.activated_at
FROM data_key k JOIN agreement a ON a.sha256 = k.agreement
WHERE k.purpose = 'dataset';

CREATE TRIGGER epoch_stays BEFORE UPDATE ON dataset_epoch
WHEN OLD.retired_at IS NOT NULL OR NEW.retired_at IS NULL
  OR NEW.agreement <> OLD.agreement OR NEW.dataset <> OLD.dataset OR NEW.epoch <> OLD.epoch
  OR NEW.first_job <> OLD.first_job OR NEW.created_at <> OLD.created_at
BEGIN SELECT RAISE(ABORT, 'an epoch can be retired once, and nothing else'); END;
CREATE TRIGGER epoch_is_not_deleted BEFORE DELETE ON dataset_epoch
BEGIN SELECT RAISE(ABORT, 'epochs are append-only'); END;
CREATE TRIGGER revocation_is_not_updated BEFORE UPDATE ON dataset_revocation
BEGIN SELECT RAISE(ABORT, 'revocations are for good'); END;
CREATE TRIGGER revocation_is_not_deleted BEFORE DELETE ON dataset_revocation
BEGIN SELECT RAISE(ABORT, 'revocations are for good'); END;
