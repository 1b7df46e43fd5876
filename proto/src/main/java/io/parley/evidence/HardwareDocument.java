package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.List;

/**
 * The document of evidence of kind {@code sev-snp}, {@code tdx} or {@code nitro}: what the platform
 * signed over a launch statement, and what is needed to check that. Nothing in it has been
 * verified. Immutable.
 *
 * @param launch what the report must be over: {@link LaunchStatement#platformData}
 * @param report as the platform gave it
 * @param certificates DER, those that the report does not hold itself
 * @param collateral what the vendor publishes, as it publishes it
 */
public record HardwareDocument(
    LaunchStatement launch,
    ByteString report,
    List<ByteString> certificates,
    List<ByteString> collateral) {
  /** Most certificates, and most pieces of collateral. */
  public static final int MAX_PARTS = 16;

  public static final int MAX_REPORT_BYTES = 32 << 10;
  public static final int MAX_CERTIFICATE_BYTES = 16 << 10;
  public static final int MAX_COLLATERAL_BYTES = 128 << 10;

  private static final DocumentForm FORM = new DocumentForm("hardware document");

  /**
   * Checks every limit.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public HardwareDocument {
    certificates = List.copyOf(certificates);
    collateral = List.copyOf(collateral);
    FORM.size("report", report, 1, MAX_REPORT_BYTES);
    FORM.parts("certificates", certificates, MAX_PARTS, MAX_CERTIFICATE_BYTES);
    FORM.parts("collateral", collateral, MAX_PARTS, MAX_COLLATERAL_BYTES);
  }

  /**
   * The exact bytes.
   *
   * @throws RefusedException INVALID_EVIDENCE when they would be more than evidence may hold
   */
  public ByteString encode() {
    return FORM.whole(
        StrictMessages.encode(
            io.parley.proto.enclave.v1.HardwareDocument.newBuilder()
                .setStatement(launch.encode())
                .setReport(report)
                .addAllCertificates(certificates)
                .addAllCollateral(collateral)
                .build()));
  }

  /**
   * Reads a document, unverified.
   *
   * @throws RefusedException INVALID_EVIDENCE when it is not canonical, not in form, over a limit,
   *     or holds an unknown field
   */
  public static HardwareDocument parse(ByteString document) {
    io.parley.proto.enclave.v1.HardwareDocument message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.HardwareDocument.parser(),
            document,
            Evidence.MAX_DOCUMENT_BYTES,
            Reason.INVALID_EVIDENCE,
            "hardware document");
    return new HardwareDocument(
        LaunchStatement.parse(message.getStatement()),
        message.getReport(),
        message.getCertificatesList(),
        message.getCollateralList());
  }
}
