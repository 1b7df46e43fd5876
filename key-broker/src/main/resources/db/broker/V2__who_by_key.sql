-- Names can be given away; whose an agreement is goes by the SHA-256 of the signing key in it.
-- Rows of earlier versions are filled in by V3.

ALTER TABLE agreement ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE agreement ADD COLUMN proposer_key BLOB;
CREATE INDEX agreement_by_proposer ON agreement (proposer_key) WHERE activated_at IS NULL;

ALTER TABLE agreement_party ADD COLUMN signing_key BLOB;
