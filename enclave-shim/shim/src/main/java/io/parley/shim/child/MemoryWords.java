package io.parley.shim.child;

import java.util.List;

/** Tells from what a program said last that it ended for want of memory. */
final class MemoryWords {
  private static final List<String> WORDS =
      List.of(
          "java.lang.OutOfMemoryError",
          "There is insufficient memory for the Java Runtime Environment",
          "Could not reserve enough space for",
          "std::bad_alloc",
          "MemoryError",
          "Cannot allocate memory",
          "memory allocation of",
          "memory exhausted");

  private MemoryWords() {}

  static boolean in(int code, String output) {
    return code != 0 && WORDS.stream().anyMatch(output::contains);
  }
}
