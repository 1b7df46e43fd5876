package io.parley.shim.release;

import java.util.Locale;

/** Forms that a result may have; the file's extension says which. */
public enum ResultFormat {
  ARROW,
  CSV,
  JSON;

  String extension() {
    return name().toLowerCase(Locale.ROOT);
  }
}
