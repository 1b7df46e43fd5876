-- Jobs of a day are the jobs themselves, which nothing deletes: no second count to keep in step.
CREATE INDEX job_by_time ON job (agreement, created_at);

-- The agreement that this one revises, and the revision that took its place.
ALTER TABLE agreement ADD COLUMN parent BLOB;
ALTER TABLE agreement ADD COLUMN superseded_by BLOB;
CREATE UNIQUE INDEX agreement_by_successor ON agreement (superseded_by)
WHERE superseded_by IS NOT NULL;

CREATE TRIGGER superseded_once BEFORE UPDATE OF superseded_by ON agreement
WHEN OLD.superseded_by IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'an agreement has one successor'); END;

-- Who had its keys destroyed; purged_at is set once their bytes are gone from this file as well.
ALTER TABLE agreement ADD COLUMN shredded_by TEXT;
ALTER TABLE agreement ADD COLUMN shredded_at INTEGER;
ALTER TABLE agreement ADD COLUMN purged_at INTEGER;

CREATE TRIGGER shredded_for_good BEFORE UPDATE OF shredded_by, kek ON agreement
WHEN OLD.shredded_by IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'destroyed keys stay destroyed'); END;
