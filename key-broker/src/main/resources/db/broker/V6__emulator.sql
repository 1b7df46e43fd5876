-- Which emulation vouched for an enclave, so that no receipt takes it for hardware: a TPM's model,
-- 'unknown' where its key is trusted by name only, or empty.
ALTER TABLE enclave ADD COLUMN emulator TEXT NOT NULL DEFAULT '';
