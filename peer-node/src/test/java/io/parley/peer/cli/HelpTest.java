package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class HelpTest {
  private static final Pattern BLOCK =
      Pattern.compile("```(?:sh|console)\n(.*?)```", Pattern.DOTALL);
  private static final Pattern WORD = Pattern.compile("(?:'[^']*'|\"[^\"]*\"|\\S)+");

  @TempDir Path home;

  @TestFactory
  Stream<DynamicTest> everyCommandExplainsItself() {
    return names(new ArrayList<>(), "", root())
        .filter(name -> !name.equals(" help"))
        .map(name ->
            DynamicTest.dynamicTest(
                "parley" + name,
                () -> {
                  String[] args = (name + " --help").strip().split(" ");
                  Captured help = Captured.run(home, args).ok();
                  assertThat(help.err()).isEmpty();
                  assertThat(help.out()).startsWith("Usage: parley" + name);
                  assertThat(help.out().lines())
                      .allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(100));
                  if (!name.equals(" help")) {
                    assertThat(help.out()).contains("  parley ").contains("--home");
                  }
                }));
  }

  @Test
  void helpCommandAndHelpOptionSayTheSame() {
    assertThat(Captured.run(home, "help", "agreement").ok().out())
        .isEqualTo(Captured.run(home, "agreement", "--help").ok().out());
  }

  @Test
  void rootHelpStatesTheExitCodes() {
    assertThat(Captured.run(home, "--help").ok().out())
        .contains("  0  done")
        .contains("  3  refused")
        .contains("  6  a limit");
  }

  @Test
  void versionIsOneLineAndTheJavaItRunsOn() {
    assertThat(Captured.run(home, "--version").ok().out())
        .startsWith("parley ")
        .contains("java 25");
  }

  @Test
  void completionKnowsEveryCommand() {
    String bash = Captured.run(home, "completion", "bash").ok().out();
    names(new ArrayList<>(), "", root())
        .filter(name -> !name.isBlank())
        .forEach(name -> assertThat(bash).contains(name.strip().split(" ")[0]));
    assertThat(Captured.run(home, "completion", "zsh").ok().out()).contains("bashcompinit");
  }

  @Test
  void everyCommandThatTheHelpShowsIsOne() {
    List<String> texts =
        names(new ArrayList<>(), "", root())
            .filter(name -> !name.equals(" help"))
            .map(name -> Captured.run(home, (name + " --help").strip().split(" ")).ok().out())
            .toList();
    assertThat(commandsIn(String.join("\n", texts))).hasSizeGreaterThan(30).allSatisfy(this::parse);
  }

  @Test
  void everyCommandThatTheDocumentsShowIsOne() throws IOException {
    Path top = Path.of("..");
    List<Path> documents = new ArrayList<>(List.of(top.resolve("README.md")));
    try (Stream<Path> docs = Files.list(top.resolve("deploy/docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).forEach(documents::add);
    }
    List<String> commands = new ArrayList<>();
    for (Path document : documents) {
      Matcher block = BLOCK.matcher(Files.readString(document));
      while (block.find()) {
        commands.addAll(commandsIn(block.group(1)));
      }
    }
    assertThat(commands).hasSizeGreaterThan(10).allSatisfy(this::parse);
  }

  private void parse(String command) {
    List<String> words = new ArrayList<>();
    Matcher word = WORD.matcher(command.substring("parley ".length()));
    while (word.find()) {
      words.add(word.group().replaceAll("['\"]", ""));
    }
    CommandLine.ParseResult unused = root().parseArgs(words.toArray(String[]::new));
  }

  /**
   * Lines that begin with the command, put together where they go on, without what is said beside
   * them.
   */
  private static List<String> commandsIn(String text) {
    return text.replaceAll("\\s*\\\\\n\\s*", " ")
        .lines()
        .map(line -> line.strip().replaceFirst("^\\$ ", "").replaceFirst("^deploy/", ""))
        .filter(line -> line.startsWith("parley "))
        .map(line -> line.replaceFirst("(\\s(#|>|\\||&&)|\\s{2,}).*", ""))
        .toList();
  }

  private static CommandLine root() {
    return Parley.commandLineForDocs();
  }

  private static Stream<String> names(List<String> into, String prefix, CommandLine command) {
    into.add(prefix);
    command.getSubcommands().forEach((name, sub) -> names(into, prefix + " " + name, sub));
    return into.stream();
  }
}
