package io.parley.shim.measure;

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

class AppDescriptionTest {
  @Test
  void aCommandInBracketsOrLineByLineIsTheSame() {
    List<String> expected = List.of("java", "-cp", "lib/a.jar:lib/b.jar", "org.example.Main");

    assertThat(
            command("name: a\ncommand: [java, -cp, \"lib/a.jar:lib/b.jar\", org.example.Main]\n"))
        .isEqualTo(expected);
    assertThat(
            command(
                "command:\n  - java\n  - '-cp'\n  - \"lib/a.jar:lib/b.jar\"\n  - org.example.Main\nname: a\n"))
        .isEqualTo(expected);
  }

  @Test
  void commentsEmptyLinesAndAStartAreAllowed() {
    assertThat(
            command(
                """
                ---
                # An app.
                name: a  # its name

                version: "1.0"
                description: 'it''s good'
                command: # how it is started
                  # the program
                  - run   # now

                  - "a # b"
                  - c#d
                """))
        .containsExactly("run", "a # b", "c#d");
  }

  @Test
  void linesMayEndAsOnWindows() {
    assertThat(command("name: a\r\ncommand: [run]\r\n")).containsExactly("run");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "[run, \"a\\\"b\\\\c\"] | a\"b\\c",
        "[run, 'it''s'] | it's",
        "[run, \"\"] | ``",
        "[run, '[x]'] | [x]",
        "[run, --flag=x,] | --flag=x",
        "[run, /a b/c] | /a b/c",
      })
  void textsMeanWhatYamlSays(String command, String argument) {
    assertThat(command("name: a\ncommand: " + command)).containsExactly("run", argument);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        // What a full YAML reader would take for something else than a text.
        "&anchor",
        "*alias",
        "!tag x",
        "|",
        ">",
        "%x",
        "@x",
        "`x",
        "{a: b}",
        "? x",
        "a: b",
        "a:",
        "\"a\" b",
        "'a' b",
        "\"a",
        "'a",
        "\"\\n\"",
        "\"\\u0041\"",
        "[a",
        "[a b",
        "[[a]]",
        "[a] b",
        "[a,,b]",
        "[&a]",
        "[\"a\" b]",
        "[a: b]",
        "]",
        ","
      })
  void whatIsNoListOfPlainTextsIsRefusedWithItsLine(String value) {
    assertInvalid("name: a\ncommand: " + value, "line 2");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "name: a\nname: b\ncommand: [run]",
        "name: a\ncommand: [run]\ncommand: [other]",
        "name: a\ncommand: [run]\n  - other",
        "name: a\n- x\ncommand: [run]",
        "name: a\n name: b\ncommand: [run]",
        "name: a\nargs: [x]\ncommand: [run]",
        "name: a\n? x\ncommand: [run]",
        "name: a\n\"name\": b\ncommand: [run]",
        "name:\ncommand: [run]",
        "name: \"\"\ncommand: [run]",
        "name: a\nname\ncommand: [run]",
        "name: a\n: b\ncommand: [run]",
        "name: a\ncommand:\n  -\n",
        "name: a\ncommand:\n  - - b\n"
      })
  void whatIsNoDescriptionIsRefused(String yaml) {
    assertInvalid(yaml, "line ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "\n\n",
        "---",
        "name: a",
        "name: a\ncommand:",
        "name: a\ncommand: []",
        "command: [run]"
      })
  void nameAndCommandMustBeThere(String yaml) {
    assertInvalid(yaml, "it needs 'name' and a 'command'");
  }

  @Test
  void thereIsALimitOnArguments() {
    String yaml = "name: a\ncommand: [" + "x,".repeat(256) + "]";
    assertThat(command(yaml)).hasSize(256);
    assertInvalid(yaml.replace("x,]", "x,x]"), "more than 256 arguments");
  }

  @Test
  void aFileThatIsMissingTooLargeOrNotUtf8IsRefused(@TempDir Path folder) throws Exception {
    var app = new MeasuredApp(io.parley.wire.Digest.of(new byte[0]), folder, 0);
    assertThatThrownBy(app::command).hasMessageContaining("has no app.yaml");

    Path file = folder.resolve("app.yaml");
    Files.writeString(file, "name: a\ncommand: [run]\n" + "#".repeat(64 << 10));
    assertThatThrownBy(app::command).hasMessageContaining("at most 65536 bytes");

    Files.write(file, new byte[] {'n', 'a', 'm', 'e', ':', ' ', (byte) 0xC3});
    assertThatThrownBy(app::command).hasMessageContaining("not UTF-8");

    Files.writeString(file, "name: a\ncommand: [run]\n");
    assertThat(app.command()).containsExactly("run");
  }

  private static void assertInvalid(String yaml, String message) {
    assertThatThrownBy(() -> command(yaml))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_APP))
        .hasMessageContaining(message)
        .hasMessageContaining("app.yaml");
  }

  @Test
  void whatAnAppEnforcesIsOneOfTheConditions() {
    assertThat(AppDescription.of("name: a\nenforces: [rules]\ncommand: [run]").enforces())
        .containsExactly("rules");
    assertThat(AppDescription.of("name: a\ncommand: [run]").enforces()).isEmpty();
    assertThatThrownBy(() -> AppDescription.of("name: a\nenforces: [all]\ncommand: [run]"))
        .hasMessageContaining("line 2: 'enforces' is a list of [rules]");
  }

  private static List<String> command(String yaml) {
    return AppDescription.of(yaml).command();
  }
}
