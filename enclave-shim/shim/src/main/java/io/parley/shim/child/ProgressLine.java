package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.shim.compute.AppRunner.ProgressSink;
import io.parley.shim.json.JsonReader;
import io.parley.shim.json.JsonToken;
import java.io.ByteArrayInputStream;
import java.io.IOException;

/**
 * Reads what an app writes to descriptor 3: {@code {"done":1,"total":2,"message":"..."}}. What is
 * not that is left out: progress is for people, and no reason to fail.
 */
final class ProgressLine {
  private String name = "";
  private String message = "";
  private long done;
  private long total;

  private ProgressLine() {}

  static void tell(String line, ProgressSink sink) {
    ProgressLine progress = new ProgressLine();
    try {
      progress.read(new JsonReader(new ByteArrayInputStream(line.getBytes(UTF_8))));
    } catch (IOException | NumberFormatException e) {
      // Not a line of ours.
      return;
    }
    sink.progress(progress.message, progress.done, progress.total);
  }

  private void read(JsonReader json) throws IOException {
    for (JsonToken token = json.next(); token != JsonToken.END; token = json.next()) {
      if (json.depth() > 1) {
        throw new IOException("progress is one object");
      }
      switch (token) {
        case NAME -> name = json.text();
        case STRING -> text(json.text());
        case NUMBER -> number(json.text());
        case BEGIN_OBJECT, END_OBJECT, BEGIN_ARRAY, END_ARRAY, TRUE, FALSE, NULL, END -> name = "";
      }
    }
  }

  private void text(String text) {
    if (name.equals("message")) {
      message = text;
    }
  }

  private void number(String text) {
    long value = Math.max(0, Long.parseLong(text));
    switch (name) {
      case "done" -> done = value;
      case "total" -> total = value;
      default -> name = "";
    }
  }
}
