-- Records of the answers that enclaves gave over a dataset: sealed, and nothing to the broker. Each
-- stands in one place of a chain, which is what enclaves check; nothing is taken out or replaced.
CREATE TABLE answer (
  agreement     BLOB    NOT NULL REFERENCES agreement (sha256),
  dataset       TEXT    NOT NULL,
  epoch         INTEGER NOT NULL CHECK (epoch > 0),
  -- Counted from 1 without gaps.
  position      INTEGER NOT NULL CHECK (position > 0),
  job_id        TEXT    NOT NULL REFERENCES job (job_id),
  party         TEXT    NOT NULL,
  record        BLOB    NOT NULL,
  -- The chain's digest after this record, and the bytes of all records up to it.
  head          BLOB    NOT NULL CHECK (length(head) = 32),
  total_bytes   INTEGER NOT NULL,
  recorded_at   INTEGER NOT NULL,
  PRIMARY KEY (agreement, dataset, epoch, position),
  UNIQUE (job_id, dataset)
) STRICT;

CREATE TRIGGER answer_is_not_updated BEFORE UPDATE ON answer
BEGIN SELECT RAISE(ABORT, 'records of answers are append-only'); END;
CREATE TRIGGER answer_is_not_deleted BEFORE DELETE ON answer
BEGIN SELECT RAISE(ABORT, 'records of answers are append-only'); END;
CREATE TRIGGER answer_follows_the_last BEFORE INSERT ON answer
WHEN NEW.position <> 1 + (SELECT coalesce(max(a.position), 0) FROM answer a WHERE a.agreement = NEW.agreement
                            AND a.dataset = NEW.dataset AND a.epoch = NEW.epoch)
BEGIN SELECT RAISE(ABORT, 'a record follows the last one'); END;
