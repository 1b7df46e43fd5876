package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProgressLineTest {
  private final List<String> told = new ArrayList<>();
  private final List<String> lines = new ArrayList<>();

  @Test
  void aLineIsTold() {
    tell("{\"done\":1,\"total\":2,\"message\":\"reading\"}");
    tell("{\"message\":\"m\",\"x\":true,\"total\":9223372036854775807}");
    tell("{}");

    assertThat(told).containsExactly("reading 1/2", "m 0/9223372036854775807", " 0/0");
  }

  @Test
  void numbersBelowZeroAreZero() {
    tell("{\"done\":-1,\"total\":-9223372036854775808}");

    assertThat(told).containsExactly(" 0/0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "done",
        "{",
        "{\"done\":1",
        "{\"done\":9223372036854775808}",
        "{\"done\":1.5}",
        "{\"done\":1e3}",
        "{\"done\":[1]}",
        "{\"x\":{\"done\":1}}",
        "[[1]]",
        "{} {}",
        "{\"message\":\"\\ud800",
        "\u0000"
      })
  void whatIsNoLineIsLeftOut(String line) {
    tell(line);

    assertThat(told).isEmpty();
  }

  @Test
  void deepNestingIsLeftOut() {
    tell("[".repeat(4000));

    assertThat(told).isEmpty();
  }

  @Test
  void linesAreCutWhereverTheirPiecesEnd() {
    ProgressLines cut = new ProgressLines(lines::add);
    for (byte b : "one\ntw\u00f6\n\n\nthree".getBytes(UTF_8)) {
      cut.add(new byte[] {b, 'x', '\n'}, 1);
    }

    assertThat(lines).containsExactly("one", "tw\u00f6");
  }

  @Test
  void aLineOfTheMostBytesIsKeptAndALongerOneDropped() {
    ProgressLines cut = new ProgressLines(lines::add);
    add(
        cut,
        "x".repeat(4096) + "\n" + "y".repeat(4097) + "\n" + "z".repeat(10_000_000) + "\nend\n");

    assertThat(lines).containsExactly("x".repeat(4096), "end");
  }

  private void tell(String line) {
    ProgressLine.tell(line, (message, done, total) -> told.add(message + " " + done + "/" + total));
  }

  private static void add(ProgressLines cut, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    cut.add(bytes, bytes.length);
  }
}
