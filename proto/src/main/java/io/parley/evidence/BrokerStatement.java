package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Map;

/**
 * What evidence of the broker's own is about: who asked, and the two keys by which the broker is
 * known. Whoever asks makes the statement that it expects, and compares whole bytes.
 *
 * @param nonce the asker's, 32 bytes
 * @param brokerKey Ed25519, 32 bytes: signs grants and receipts
 * @param tlsCertificate SHA-256 over the DER of the certificate that its server shows
 */
public record BrokerStatement(ByteString nonce, ByteString brokerKey, Digest tlsCertificate) {
  public static final int NONCE_BYTES = 32;
  public static final int KEY_BYTES = 32;

  /** Keeps what platforms sign over apart from everything else that is hashed. */
  static final String LABEL = "parley/v1/broker-report-data";

  private static final int MAX_SIZE_BYTES = 256;

  /**
   * Checks the lengths.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public BrokerStatement {
    checkSize("nonce", nonce, NONCE_BYTES);
    checkSize("broker_key", brokerKey, KEY_BYTES);
  }

  /** The exact bytes; the same for equal statements. */
  public ByteString encode() {
    return StrictMessages.encode(
        io.parley.proto.broker.v1.BrokerStatement.newBuilder()
            .setNonce(nonce)
            .setBrokerKey(brokerKey)
            .setTlsCertificateSha256(tlsCertificate.value())
            .build());
  }

  /**
   * The statement that these bytes are; {@link #encode} gives them back.
   *
   * @throws RefusedException INVALID_EVIDENCE when they are not canonical, not in form, too long,
   *     or hold an unknown field
   */
  public static BrokerStatement parse(ByteString bytes) {
    io.parley.proto.broker.v1.BrokerStatement message =
        StrictMessages.parse(
            io.parley.proto.broker.v1.BrokerStatement.parser(),
            bytes,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "broker statement");
    checkSize("tls_certificate_sha256", message.getTlsCertificateSha256(), Digest.SIZE_BYTES);
    return new BrokerStatement(
        message.getNonce(), message.getBrokerKey(), new Digest(message.getTlsCertificateSha256()));
  }

  /** What the platform must have signed over. */
  public ReportData reportData() {
    return ReportData.of(LABEL, encode());
  }

  private static void checkSize(String field, ByteString value, int expected) {
    if (value.size() != expected) {
      throw new RefusedException(
          Reason.INVALID_EVIDENCE,
          "broker statement: %s: %d bytes long; expected %d"
              .formatted(field, value.size(), expected),
          Map.of("field", field));
    }
  }
}
