package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.util.function.Consumer;

/** Cuts what an app writes to descriptor 3 into lines; one that is too long is dropped. */
final class ProgressLines {
  private static final int MAX_LINE_BYTES = 4096;

  private final Consumer<String> listener;
  private final ByteArrayOutputStream line = new ByteArrayOutputStream();
  private boolean tooLong;

  ProgressLines(Consumer<String> listener) {
    this.listener = listener;
  }

  void add(byte[] bytes, int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] == '\n') {
        end();
      } else if (line.size() < MAX_LINE_BYTES) {
        line.write(bytes[i]);
      } else {
        tooLong = true;
      }
    }
  }

  private void end() {
    if (!tooLong && line.size() > 0) {
      listener.accept(line.toString(UTF_8));
    }
    line.reset();
    tooLong = false;
  }
}
