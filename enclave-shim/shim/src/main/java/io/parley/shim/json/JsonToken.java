package io.parley.shim.json;

/** What comes next in a JSON text (RFC 8259). */
public enum JsonToken {
  BEGIN_OBJECT,
  END_OBJECT,
  BEGIN_ARRAY,
  END_ARRAY,
  NAME,
  STRING,
  NUMBER,
  TRUE,
  FALSE,
  NULL,
  END
}
