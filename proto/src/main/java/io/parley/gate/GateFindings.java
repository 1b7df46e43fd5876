package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/**
 * What was seen on a gate's run, for the owner of the verification data alone.
 *
 * @param findings those that made the verdict first; more than {@link GateLimits#FINDINGS_MAX} are
 *     cut
 * @param peakMemoryBytes of one process of the app
 * @param processes beside the app's first
 */
public record GateFindings(
    List<Finding> findings, Duration time, long peakMemoryBytes, int processes) {
  /**
   * One thing that was seen. Texts are cut, and control characters in them made harmless.
   *
   * @param what where, or what kind of attempt
   */
  public record Finding(String what, String expected, String seen) {
    public Finding {
      what = clean(what);
      expected = clean(expected);
      seen = clean(seen);
    }

    private static String clean(String text) {
      String cut =
          text.codePointCount(0, text.length()) > GateLimits.FINDING_CHARS_MAX / 2
              ? text.substring(0, text.offsetByCodePoints(0, GateLimits.FINDING_CHARS_MAX / 2 - 3))
                  + "..."
              : text;
      return cut.replaceAll("[\\p{C}\\p{Zl}\\p{Zp}]", "?");
    }
  }

  public GateFindings {
    findings = findings.stream().limit(GateLimits.FINDINGS_MAX).toList();
  }

  /** The exact bytes, within their limit. */
  public ByteString encode() {
    for (int count = findings.size(); ; count = count / 2) {
      ByteString bytes = encode(count);
      if (bytes.size() <= GateLimits.FINDINGS_BYTES_MAX || count == 0) {
        return bytes;
      }
    }
  }

  private ByteString encode(int count) {
    Stream<io.parley.proto.enclave.v1.GateFinding> first =
        findings.stream()
            .limit(count)
            .map(finding ->
                io.parley.proto.enclave.v1.GateFinding.newBuilder()
                    .setWhat(finding.what())
                    .setExpected(finding.expected())
                    .setSeen(finding.seen())
                    .build());
    return StrictMessages.encode(
        io.parley.proto.enclave.v1.GateFindings.newBuilder()
            .addAllFindings(first.toList())
            .setMillis(time.toMillis())
            .setPeakMemoryBytes(peakMemoryBytes)
            .setProcesses(processes)
            .build());
  }

  /**
   * From exact bytes.
   *
   * @throws io.parley.wire.RefusedException EVIDENCE_GATE_WRONG
   */
  public static GateFindings parse(ByteString bytes) {
    var message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.GateFindings.parser(),
            bytes,
            GateLimits.FINDINGS_BYTES_MAX,
            Reason.EVIDENCE_GATE_WRONG,
            "findings of a gate");
    return new GateFindings(
        message.getFindingsList().stream()
            .map(
                finding -> new Finding(finding.getWhat(), finding.getExpected(), finding.getSeen()))
            .toList(),
        Duration.ofMillis(message.getMillis()),
        message.getPeakMemoryBytes(),
        message.getProcesses());
  }
}
