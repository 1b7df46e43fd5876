-- Verification sets for one step of a chain; an empty step: for an agreement's one app.
ALTER TABLE verification_set ADD COLUMN step TEXT NOT NULL DEFAULT '';
DROP TRIGGER verification_set_stays;
CREATE TRIGGER verification_set_stays BEFORE UPDATE ON verification_set
WHEN NEW.agreement <> OLD.agreement OR NEW.owner <> OLD.owner OR NEW.step <> OLD.step
  OR NEW.sha256 <> OLD.sha256 OR NEW.name <> OLD.name OR NEW.added_at <> OLD.added_at
  OR (OLD.removed_at IS NOT NULL AND NEW.removed_at IS NOT OLD.removed_at)
  OR (NEW.sealed <> OLD.sealed AND length(NEW.sealed) > 0)
BEGIN SELECT RAISE(ABORT, 'a verification set can be removed and emptied, and nothing else'); END;

-- One draw for each gate: a chain has one for each owner and step.
DROP TRIGGER gate_draw_stays;
DROP TRIGGER gate_draw_is_not_deleted;
DROP INDEX gate_draw_by_set;
ALTER TABLE gate_draw RENAME TO gate_draw_of_app;
CREATE TABLE gate_draw (
  job_id        TEXT    NOT NULL REFERENCES job (job_id),
  party         TEXT    NOT NULL,
  owner         TEXT    NOT NULL,
  step          TEXT    NOT NULL,
  verification_set INTEGER NOT NULL REFERENCES verification_set (number),
  draw          BLOB    NOT NULL CHECK (length(draw) = 32),
  receive_key   BLOB    NOT NULL,
  signing_key   BLOB    NOT NULL CHECK (length(signing_key) = 32),
  drawn_at      INTEGER NOT NULL,
  -- That of the step when it was drawn.
  generation    INTEGER NOT NULL,
  -- Null while it is open.
  verdict       TEXT,
  PRIMARY KEY (job_id, party, owner, step)
) STRICT;
INSERT INTO gate_draw SELECT job_id, party, owner, '', verification_set, draw, receive_key, signing_key,
  drawn_at, 0, verdict FROM gate_draw_of_app;
DROP TABLE gate_draw_of_app;
CREATE INDEX gate_draw_by_set ON gate_draw (verification_set);
CREATE TRIGGER gate_draw_stays BEFORE UPDATE ON gate_draw
WHEN OLD.verdict IS NOT NULL OR NEW.verdict IS NULL
  OR NEW.job_id <> OLD.job_id OR NEW.party <> OLD.party OR NEW.owner <> OLD.owner
  OR NEW.step <> OLD.step OR NEW.generation <> OLD.generation
  OR NEW.verification_set <> OLD.verification_set OR NEW.draw <> OLD.draw
  OR NEW.receive_key <> OLD.receive_key OR NEW.signing_key <> OLD.signing_key
BEGIN SELECT RAISE(ABORT, 'a draw gets one verdict, and nothing else'); END;
CREATE TRIGGER gate_draw_is_not_deleted BEFORE DELETE ON gate_draw
BEGIN SELECT RAISE(ABORT, 'draws are append-only'); END;

-- How often an owner has changed what a step's certificates rest on. A certificate is of one generation,
-- and worth nothing in the next.
CREATE TABLE gate_generation (
  owner         TEXT    NOT NULL,
  owner_key     BLOB    NOT NULL CHECK (length(owner_key) = 32),
  identity      BLOB    NOT NULL CHECK (length(identity) = 32),
  generation    INTEGER NOT NULL CHECK (generation > 0),
  PRIMARY KEY (owner, owner_key, identity)
) STRICT;
CREATE TRIGGER gate_generation_rises BEFORE UPDATE ON gate_generation
WHEN NEW.generation <= OLD.generation OR NEW.owner <> OLD.owner OR NEW.owner_key <> OLD.owner_key
  OR NEW.identity <> OLD.identity
BEGIN SELECT RAISE(ABORT, 'a generation rises, and nothing else'); END;
CREATE TRIGGER gate_generation_is_not_deleted BEFORE DELETE ON gate_generation
BEGIN SELECT RAISE(ABORT, 'generations stay'); END;

-- Steps that passed an owner's gate, in an enclave that kept to this environment.
CREATE TABLE gate_certificate (
  number        INTEGER PRIMARY KEY AUTOINCREMENT,
  owner         TEXT    NOT NULL,
  owner_key     BLOB    NOT NULL CHECK (length(owner_key) = 32),
  identity      BLOB    NOT NULL CHECK (length(identity) = 32),
  environment   BLOB    NOT NULL CHECK (length(environment) = 32),
  generation    INTEGER NOT NULL,
  job_id        TEXT    NOT NULL REFERENCES job (job_id),
  verification_set INTEGER NOT NULL REFERENCES verification_set (number),
  issued_at     INTEGER NOT NULL,
  expires_at    INTEGER NOT NULL CHECK (expires_at > issued_at)
) STRICT;
CREATE INDEX gate_certificate_of_step ON gate_certificate (owner, owner_key, identity);
CREATE TRIGGER gate_certificate_stays BEFORE UPDATE ON gate_certificate
BEGIN SELECT RAISE(ABORT, 'certificates are append-only'); END;
CREATE TRIGGER gate_certificate_is_not_deleted BEFORE DELETE ON gate_certificate
BEGIN SELECT RAISE(ABORT, 'certificates are append-only'); END;

-- The latest moment at which certificates counted for something: they count for nothing before it.
CREATE TABLE gate_clock (
  one           INTEGER PRIMARY KEY CHECK (one = 1),
  latest        INTEGER NOT NULL
) STRICT;
CREATE TRIGGER gate_clock_rises BEFORE UPDATE ON gate_clock WHEN NEW.latest < OLD.latest
BEGIN SELECT RAISE(ABORT, 'time seen stays seen'); END;
CREATE TRIGGER gate_clock_is_not_deleted BEFORE DELETE ON gate_clock
BEGIN SELECT RAISE(ABORT, 'time seen stays seen'); END;
