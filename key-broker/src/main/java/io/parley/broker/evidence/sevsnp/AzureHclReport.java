package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.Digest;
import java.nio.ByteOrder;

/**
 * What Azure's confidential machines hand out in place of a bare report: a head, the report, and
 * data of the paravisor whose digest the report holds. Immutable.
 *
 * @param report not yet verified
 * @param data of the paravisor's
 */
public record AzureHclReport(ByteString report, ByteString data) {
  private static final ByteString MAGIC = ByteString.copyFromUtf8("HCLA");
  private static final int SHA256 = 1;
  private static final int STATUS_BYTES = 16;
  private static final int VERSION_MAX = 2;
  private static final int REQUEST_TYPE = 2;
  private static final int DATA_VERSION = 1;
  private static final int SNP = 2;

  /** Of the NV index that such a report is read from. */
  private static final int NV_BYTES = 2600;

  private static final int HEAD_BYTES = 32;
  private static final int DATA_HEAD_BYTES = 20;
  private static final int REPORT_DATA_AT = 0x50;
  private static final int REPORT_DATA_BYTES = 64;

  /**
   * The report that is inside; bytes that are no such thing stay as they are.
   *
   * @throws io.parley.wire.RefusedException as {@link #parse}
   */
  public static ByteString reportIn(ByteString bytes) {
    return !bytes.startsWith(MAGIC) || bytes.size() == SnpReportParser.SIZE_BYTES
        ? bytes
        : parse(bytes).report();
  }

  /** What the report must have been made over: the digest of the data, and zeros. */
  public ByteString reportData() {
    return Digest.of(data)
        .value()
        .concat(ByteString.copyFrom(new byte[REPORT_DATA_BYTES - Digest.SIZE_BYTES]));
  }

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when the report does not hold the
   *     digest of the data around it, or the rest is not zero
   */
  public static AzureHclReport parse(ByteString bytes) {
    Octets in = new Octets("HCL report", bytes, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() != NV_BYTES) {
      throw in.malformed("length", "is %d bytes; expected %d".formatted(bytes.size(), NV_BYTES));
    }
    if (!in.take("magic", MAGIC.size()).equals(MAGIC)) {
      throw in.malformed("magic", "is another");
    }
    long version = in.u32("version");
    long all = in.u32("size");
    long request = in.u32("request type");
    in.zeros("status and reserved", STATUS_BYTES);
    ByteString report = in.take("report", SnpReportParser.SIZE_BYTES);
    long size = in.u32("data size");
    long dataVersion = in.u32("data version");
    long type = in.u32("report type");
    long hash = in.u32("hash type");
    long dataSize = in.u32("variable data size");
    if (version < 1
        || version > VERSION_MAX
        || request != REQUEST_TYPE
        || dataVersion != DATA_VERSION
        || type != SNP) {
      throw in.malformed("head", "is not that of an SEV-SNP report in a version that is known");
    }
    if (hash != SHA256
        || dataSize > in.left()
        || size != dataSize + DATA_HEAD_BYTES
        || all != HEAD_BYTES + SnpReportParser.SIZE_BYTES + size) {
      throw in.malformed("data", "is not under SHA-256, or not as long as it says");
    }
    AzureHclReport hcl = new AzureHclReport(report, in.take("variable data", (int) dataSize));
    in.zeros("rest", in.left());
    if (!report
        .substring(REPORT_DATA_AT, REPORT_DATA_AT + REPORT_DATA_BYTES)
        .equals(hcl.reportData())) {
      throw in.malformed("variable data", "has another digest than the report's");
    }
    return hcl;
  }
}
