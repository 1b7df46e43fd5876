package io.parley.peer.cli;

import io.parley.peer.cli.output.OutputFormat;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.peer.cli.process.Distribution;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

@Command(
    name = "doctor",
    description = {
      "Looks at everything that must be right: this machine, the party's home, its node, the other"
          + " members and the broker. Changes nothing."
    },
    footer = {
      "Each line says OK, WARN or FAIL, and what to do. The exit code is 1 when anything is FAIL.",
      "",
      "Examples:",
      "  parley doctor",
      "  parley doctor --output json",
    })
final class DoctorCommand implements Callable<Integer> {
  private final Session session;

  DoctorCommand(Session session) {
    this.session = session;
  }

  @Override
  public Integer call() {
    List<Finding> findings = new ArrayList<>();
    findings.addAll(new MachineChecks(Distribution.find(), session.home()).run());
    findings.addAll(new HomeChecks(session).run());
    findings.addAll(new EnclaveChecks(session).run());
    findings.addAll(new NodeChecks(session).run());
    if (session.options().output == OutputFormat.TABLE) {
      findings.forEach(this::print);
      session.terminal().out().flush();
    } else {
      session
          .printer()
          .list(
              List.of(
                  Column.text("status"),
                  Column.text("check"),
                  Column.text("detail"),
                  Column.text("todo")),
              findings.stream()
                  .map(f -> List.of(f.level().name(), f.check(), f.detail(), f.todo()))
                  .toList());
    }
    return findings.stream().anyMatch(f -> f.level() == Finding.Level.FAIL)
        ? ExitCode.FAILED
        : ExitCode.OK;
  }

  private void print(Finding finding) {
    var out = session.terminal().out();
    out.printf("%-4s  %-24s  %s%n", finding.level(), finding.check(), finding.detail());
    if (!finding.todo().isEmpty()) {
      out.printf("      %-24s  -> %s%n", "", finding.todo());
    }
  }
}
