package io.parley.yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class YamlFileTest {
  private static void read(String text) {
    YamlFile file = YamlFile.read(text, "x.yaml");
    YamlSection unused = file.rootOrThrow(Reason.INVALID_CONFIG).only("a", "b");
    file.throwIfAny(Reason.INVALID_CONFIG);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a: &x 1                  | 1:4 | anchors and aliases",
        "a: &x 1~b: *x            | 1:4 | anchors and aliases",
        "a: *x                    | 1:4 | anchors and aliases",
        "a: &x [1]                | 1:4 | anchors and aliases",
        "a: {}~<<: {b: 1}         | 2:1 | unknown key '<<'",
        "<<: *x                   | 1:5 | anchors and aliases",
        "a: 1~b: 2~a: 3           | 3:1 | 'a' is there twice, first in line 1",
        "a:~\tb: 1                | 2:1 | no YAML",
        "a: 1~---~b: 2            | 2:1 | a second document",
        "a: 1~...~---~b: 2        | 3:1 | a second document",
        "- a~- b                  | 1:1 | is a list; expected a mapping",
        "just text                | 1:1 | is text; expected a mapping",
        "a: !!java.net.URL b      | 1:4 | tags",
        "? [a]~: b                | 1:3 | as a key",
        "? {a: 1}~: b             | 1:3 | as a key",
        "a: [1~b: 2               | 2:2 | no YAML",
        "a: 'open                 | 1:9 | no YAML",
        "{                        | 1:2 | no YAML",
        "a: 1~ b: 2               | 2:3 | no YAML",
        "a: @b                    | 1:4 | no YAML",
        "%                        | 1:2 | no YAML",
        "c: 1                     | 1:1 | unknown key 'c'",
      })
  void whatIsNotPlainIsRefusedWithItsPlace(String text, String place, String problem) {
    assertThatThrownBy(() -> read(text.replace('~', '\n')))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining("x.yaml:" + place + ": ")
        .hasMessageContaining(problem);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "# only a comment\n", "---\n", "null", "a: \u0000", "\uffff: 1"})
  void whatIsEmptyOrNoTextIsRefused(String text) {
    assertThatThrownBy(() -> read(text)).isInstanceOf(RefusedException.class);
  }

  @Test
  void depthAndNumberOfValuesHaveLimits() {
    assertThatThrownBy(() -> read("a: " + "[".repeat(5000))).hasMessageContaining("x.yaml:1:");
    assertThatThrownBy(() -> read("a: [" + "1,".repeat(200_000) + "1]"))
        .hasMessageContaining("more than 100000 values");
  }

  @Test
  void aTruncatedFileNeverThrowsAnythingElse() {
    String whole = "a: {b: [1, 'two', \"three\"], c: >-\n  folded\n }\nb: !x *y # end\n";
    for (int end = 0; end < whole.length(); end++) {
      String text = whole.substring(0, end);
      YamlFile file = YamlFile.read(text, "x.yaml");
      assertThat(file.root() != null || file.problems().count() > 0).as(text).isTrue();
    }
  }

  @Test
  void allProblemsAreToldAtOnce() {
    YamlFile file =
        YamlFile.read(
            """
            number: many
            list: one
            truth: perhaps
            nested: {inner: [x], otehr: 1}
            empty:
            value: -1
            """,
            "x.yaml");
    YamlSection root = file.rootOrThrow(Reason.INVALID_CONFIG);
    root.only("number", "list", "truth", "nested", "empty", "value");
    assertThat(root.number("number")).isNull();
    assertThat(root.texts("list", "words", false)).isNull();
    assertThat(root.truth("truth", true)).isTrue();
    YamlSection nested = root.sectionOrEmpty("nested").only("inner", "other");
    assertThat(nested.value("inner", "otherwise", text -> text)).isEqualTo("otherwise");
    assertThat(root.value("empty", "otherwise", text -> text)).isEqualTo("otherwise");
    assertThat(root.value("value", 7, YamlFileTest::never)).isEqualTo(7);
    assertThat(root.required("gone", 8, "a number", YamlFileTest::never)).isEqualTo(8);
    assertThat(root.sectionOrEmpty("absent").entries()).isEmpty();
    assertThat(file.problems().count()).isEqualTo(8);
    assertThatThrownBy(() -> file.throwIfAny(Reason.INVALID_CONFIG))
        .hasMessageContaining("x.yaml:1:1: number: is 'many'; expected a whole number")
        .hasMessageContaining("x.yaml:2:1: list: is text; expected a list of words")
        .hasMessageContaining("x.yaml:3:1: truth: is text; expected true or false")
        .hasMessageContaining("x.yaml:4:10: nested.inner: is a list; expected one value")
        .hasMessageContaining(
            "x.yaml:4:22: nested.otehr: unknown key 'otehr'; did you mean 'other'")
        .hasMessageContaining("x.yaml:5:1: empty: is nothing; expected one value")
        .hasMessageContaining("x.yaml:6:1: value: '-1' is wrong")
        .hasMessageContaining("'gone' is missing; expected a number");
  }

  private static Integer never(String text) {
    throw new IllegalArgumentException("'%s' is wrong".formatted(text));
  }

  @Test
  void aFileMustBeUtf8AndNotTooLarge(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("x.yaml");
    Files.write(file, new byte[] {'a', ':', '\n', ' ', (byte) 0xc3, '(', '\n'});
    assertThatThrownBy(() -> YamlFile.load(file, 100).rootOrThrow(Reason.INVALID_CONFIG))
        .hasMessageContaining("x.yaml:2:2: is not UTF-8");
    Files.writeString(file, "a: \u00e4\u20ac\n");
    assertThat(YamlFile.load(file, 100).rootOrThrow(Reason.INVALID_CONFIG).texts("a", "x", true))
        .isEqualTo(List.of("\u00e4\u20ac"));
    assertThatThrownBy(() -> YamlFile.load(file, 8).rootOrThrow(Reason.INVALID_CONFIG))
        .hasMessageContaining("larger than 8 bytes");
    Files.write(file, new byte[] {'a', ':', ' ', (byte) 0xc3});
    assertThatThrownBy(() -> YamlFile.load(file, 100).rootOrThrow(Reason.INVALID_CONFIG))
        .hasMessageContaining("is not UTF-8");
  }
}
