package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * What the broker shows about itself. Nothing in it has been verified. Immutable.
 *
 * @param kind simulated, sev-snp or tdx
 * @param statement the exact bytes of a {@link BrokerStatement}
 * @param report as the platform gave it
 * @param certificates DER, those that the report does not hold itself
 * @param collateral what the vendor publishes, as it publishes it
 */
public record BrokerEvidence(
    String kind,
    ByteString statement,
    ByteString report,
    List<ByteString> certificates,
    List<ByteString> collateral) {
  /** What the broker's signing key signs where no platform does. */
  public static final String SIMULATED_LABEL = "parley/v1/simulated-broker-statement";

  /** Most certificates, and most pieces of collateral. */
  public static final int MAX_PARTS = 16;

  public static final int MAX_REPORT_BYTES = 32 << 10;
  public static final int MAX_CERTIFICATE_BYTES = 16 << 10;
  public static final int MAX_COLLATERAL_BYTES = 128 << 10;

  private static final int MAX_STATEMENT_BYTES = 256;
  private static final Pattern KIND = Pattern.compile("[a-z0-9][a-z0-9-]{0,31}");

  /**
   * Checks form and sizes.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public BrokerEvidence {
    certificates = List.copyOf(certificates);
    collateral = List.copyOf(collateral);
    if (!KIND.matcher(kind).matches()) {
      throw wrong("kind", "not in the form " + KIND);
    }
    checkSize("statement", statement, MAX_STATEMENT_BYTES);
    checkSize("report", report, MAX_REPORT_BYTES);
    checkParts("certificates", certificates, MAX_CERTIFICATE_BYTES);
    checkParts("collateral", collateral, MAX_COLLATERAL_BYTES);
  }

  public io.parley.proto.broker.v1.BrokerEvidence toMessage() {
    return io.parley.proto.broker.v1.BrokerEvidence.newBuilder()
        .setKind(kind)
        .setStatement(statement)
        .setReport(report)
        .addAllCertificates(certificates)
        .addAllCollateral(collateral)
        .build();
  }

  /**
   * From a message as gRPC delivered it.
   *
   * @throws RefusedException INVALID_EVIDENCE when it is over a limit, or holds an unknown field
   */
  public static BrokerEvidence fromMessage(io.parley.proto.broker.v1.BrokerEvidence message) {
    StrictMessages.refuseUnknown(message, Reason.INVALID_EVIDENCE, "broker evidence");
    return new BrokerEvidence(
        message.getKind(),
        message.getStatement(),
        message.getReport(),
        message.getCertificatesList(),
        message.getCollateralList());
  }

  private static void checkParts(String field, List<ByteString> parts, int most) {
    if (parts.size() > MAX_PARTS) {
      throw wrong(field, "%d of them; at most %d are allowed".formatted(parts.size(), MAX_PARTS));
    }
    parts.forEach(part -> checkSize(field, part, most));
  }

  private static void checkSize(String field, ByteString value, int most) {
    if (value.isEmpty() || value.size() > most) {
      throw wrong(field, "%d bytes long; expected 1 to %d".formatted(value.size(), most));
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "broker evidence: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
