package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import java.nio.ByteOrder;

/**
 * The report of an SGX enclave; names are those of Intel's (Intel SDM, volume 3D, REPORT).
 *
 * @param bytes the whole of it
 */
public record SgxReport(
    ByteString bytes,
    ByteString cpuSvn,
    ByteString miscSelect,
    ByteString extendedProductId,
    ByteString attributes,
    ByteString mrEnclave,
    ByteString mrSigner,
    ByteString configId,
    int productId,
    int svn,
    int configSvn,
    ByteString familyId,
    ByteString reportData) {
  static final int SIZE_BYTES = 384;

  private static final byte DEBUG = 2;

  /**
   * Reads.
   *
   * @param what for messages
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when it is not as long as one
   */
  static SgxReport parse(String what, ByteString bytes) {
    Octets in = new Octets(what, bytes, ByteOrder.LITTLE_ENDIAN);
    ByteString cpuSvn = in.take("cpu_svn", 16);
    ByteString miscSelect = in.take("misc_select", 4);
    in.take("reserved", 12);
    ByteString extendedProductId = in.take("isv_ext_prod_id", 16);
    ByteString attributes = in.take("attributes", 16);
    ByteString mrEnclave = in.take("mr_enclave", 32);
    in.take("reserved", 32);
    ByteString mrSigner = in.take("mr_signer", 32);
    in.take("reserved", 32);
    ByteString configId = in.take("config_id", 64);
    int productId = in.u16("isv_prod_id");
    int svn = in.u16("isv_svn");
    int configSvn = in.u16("config_svn");
    in.take("reserved", 42);
    ByteString familyId = in.take("isv_family_id", 16);
    ByteString reportData = in.take("report_data", 64);
    in.end();
    return new SgxReport(
        bytes,
        cpuSvn,
        miscSelect,
        extendedProductId,
        attributes,
        mrEnclave,
        mrSigner,
        configId,
        productId,
        svn,
        configSvn,
        familyId,
        reportData);
  }

  /** Whether the host may read and write its memory. */
  public boolean debug() {
    return (attributes.byteAt(0) & DEBUG) != 0;
  }
}
