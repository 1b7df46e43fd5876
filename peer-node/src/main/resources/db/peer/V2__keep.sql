-- Recipients that get a result from here and have not yet; empty: it may be read again.
ALTER TABLE result ADD COLUMN awaited TEXT NOT NULL DEFAULT '';
