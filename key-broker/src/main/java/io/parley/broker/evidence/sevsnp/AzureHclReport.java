package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Digest;
import java.nio.ByteOrder;

/**
 * What Azure's confidential machines hand out in place of a bare report: a head, the report, and
 * data of the paravisor whose digest the report holds. Stateless.
 */
public final class AzureHclReport {
  private static final ByteString MAGIC = ByteString.copyFromUtf8("HCLA");
  private static final int MAX_BYTES = 16 << 10;
  private static final int MAX_DATA_BYTES = 8 << 10;
  private static final int SHA256 = 1;
  private static final int STATUS_BYTES = 16;
  private static final int HEAD_BYTES = 32;
  private static final int DATA_HEAD_BYTES = 20;
  private static final int REPORT_DATA_AT = 0x50;

  private AzureHclReport() {}

  /**
   * The report that is inside; bytes that are no such thing stay as they are.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when the report does not hold the
   *     digest of the data around it, or the rest is not zero
   */
  public static ByteString reportIn(ByteString bytes) {
    if (!bytes.startsWith(MAGIC) || bytes.size() == SnpReportParser.SIZE_BYTES) {
      return bytes;
    }
    Octets in = new Octets("HCL report", bytes, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() > MAX_BYTES) {
      throw in.malformed("length", "is more than %d bytes".formatted(MAX_BYTES));
    }
    in.take("magic", MAGIC.size());
    in.take("version", Integer.BYTES);
    long all = in.u32("size");
    in.take("request type", Integer.BYTES);
    in.zeros("status and reserved", STATUS_BYTES);
    ByteString report = in.take("report", SnpReportParser.SIZE_BYTES);
    long size = in.u32("data size");
    in.u32("data version");
    in.u32("report type");
    long hash = in.u32("hash type");
    long dataSize = in.u32("variable data size");
    if (hash != SHA256
        || dataSize > MAX_DATA_BYTES
        || size != dataSize + DATA_HEAD_BYTES
        || all != HEAD_BYTES + SnpReportParser.SIZE_BYTES + size) {
      throw in.malformed("data", "is not under SHA-256, or not as long as it says");
    }
    ByteString digest = Digest.of(in.take("variable data", (int) dataSize)).value();
    in.zeros("rest", in.left());
    if (!report.substring(REPORT_DATA_AT, REPORT_DATA_AT + Digest.SIZE_BYTES).equals(digest)) {
      throw in.malformed("variable data", "has another digest than the report's");
    }
    return report;
  }
}
