package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class HelpTest {
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

  private static CommandLine root() {
    return Parley.commandLineForDocs();
  }

  private static Stream<String> names(List<String> into, String prefix, CommandLine command) {
    into.add(prefix);
    command.getSubcommands().forEach((name, sub) -> names(into, prefix + " " + name, sub));
    return into.stream();
  }
}
