package io.parley.broker.gates;

import io.parley.broker.log.Decision.Compared;
import io.parley.gate.GateFindings;
import io.parley.gate.GateVerdict;
import java.util.ArrayList;
import java.util.List;

/** How a gate ended, for its owner: as lines of a comparison. */
final class GateReport {
  private GateReport() {}

  static List<Compared> of(Draw draw, GateVerdict verdict, GateFindings findings) {
    List<Compared> lines = new ArrayList<>();
    lines.add(
        new Compared(
            "gate",
            GateVerdict.PASSED.text(),
            "%s, on verification set %s %s"
                .formatted(verdict.text(), draw.set().name(), draw.set().digest())));
    findings
        .findings()
        .forEach(finding ->
            lines.add(new Compared("gate " + finding.what(), finding.expected(), finding.seen())));
    lines.add(
        new Compared(
            "gate run",
            "",
            "%d ms, %d bytes at most in one process, %d processes started"
                .formatted(
                    findings.time().toMillis(), findings.peakMemoryBytes(), findings.processes())));
    return lines;
  }
}
