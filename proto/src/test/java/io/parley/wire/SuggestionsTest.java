package io.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class SuggestionsTest {
  @Test
  void measuresHowFarTwoWordsAre() {
    assertThat(Suggestions.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(Suggestions.distance("", "abc")).isEqualTo(3);
    assertThat(Suggestions.distance("abc", "abc")).isZero();
  }

  @Test
  void showsForeignTextCutAndWithoutControlCharacters() {
    assertThat(Suggestions.shown("a\u001b[31m\nb")).isEqualTo("a [31m b");
    assertThat(Suggestions.shown("x".repeat(100))).hasSize(83).endsWith("...");
  }

  @Test
  void nothingIsSuggestedThatIsNotNear() {
    assertThat(Suggestions.hint("jbos", List.of("datasets", "jobs"))).contains("'jobs'");
    assertThat(Suggestions.hint("elephant", List.of("datasets", "jobs"))).isEmpty();
    assertThat(Suggestions.hint("x".repeat(1000), List.of("x".repeat(1001)))).isEmpty();
    assertThat(Suggestions.forName("elephant", List.of("a", "b"))).contains("one of a, b");
  }
}
