package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import java.nio.ByteOrder;

/**
 * Reads attestation reports of versions 2 to 5: exactly 1184 bytes, every reserved one zero.
 * Stateless and thread-safe.
 */
public final class SnpReportParser {
  /** Length of a report. */
  public static final int SIZE_BYTES = 0x4a0;

  private static final int SIGNED_BYTES = 0x2a0;
  private static final int VERSION_MIN = 2;
  private static final int VERSION_CPUID = 3;
  private static final int VERSION_MITIGATIONS = 5;
  private static final long ECDSA_P384_SHA384 = 1;
  private static final long POLICY_RESERVED_ONE = 1L << 17;
  private static final int KEY_INFO_BITS = 5;
  private static final int SCALAR_BYTES = 48;
  private static final int SCALAR_PAD_BYTES = 24;

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public SnpReport parse(ByteString bytes) {
    Octets in = new Octets("SEV-SNP report", bytes, ByteOrder.LITTLE_ENDIAN);
    if (bytes.size() != SIZE_BYTES) {
      throw in.malformed("length", "is %d bytes, not %d".formatted(bytes.size(), SIZE_BYTES));
    }
    int version = version(in);
    long guestSvn = in.u32("guest_svn");
    long policy = policy(in);
    ByteString familyId = in.take("family_id", 16);
    ByteString imageId = in.take("image_id", 16);
    long vmpl = in.u32("vmpl");
    if (in.u32("signature_algo") != ECDSA_P384_SHA384) {
      throw in.malformed("signature_algo", "is not ECDSA P-384 with SHA-384");
    }
    // CURRENT_TCB runs ahead of what the platform's owner has committed to; REPORTED_TCB counts.
    in.take("current_tcb", 8);
    long platformInfo = in.u64("platform_info");
    long keyInfo = in.u32("key_info");
    if (keyInfo >>> KEY_INFO_BITS != 0) {
      throw in.malformed("key_info", "has reserved bits set");
    }
    in.zeros("reserved at 0x4c", 4);
    ByteString reportData = in.take("report_data", 64);
    ByteString measurement = in.take("measurement", 48);
    ByteString hostData = in.take("host_data", 32);
    ByteString idKeyDigest = in.take("id_key_digest", 48);
    ByteString authorKeyDigest = in.take("author_key_digest", 48);
    ByteString reportId = in.take("report_id", 32);
    in.take("report_id_ma", 32);
    ByteString reportedTcb = in.take("reported_tcb", 8);
    boolean cpuid = version >= VERSION_CPUID;
    int family = cpuid ? in.u8("cpuid_fam_id") : 0;
    int model = cpuid ? in.u8("cpuid_mod_id") : 0;
    if (cpuid) {
      in.u8("cpuid_step");
    }
    in.zeros("reserved before 0x1a0", 0x1a0 - in.position());
    ByteString chipId = in.take("chip_id", 64);
    in.take("committed_tcb to launch_tcb", 0x1f8 - in.position());
    if (version >= VERSION_MITIGATIONS) {
      in.take("mitigation vectors", 16);
    }
    in.zeros("reserved before the signature", SIGNED_BYTES - in.position());
    ByteString r = scalar(in, "signature.r");
    ByteString s = scalar(in, "signature.s");
    in.zeros("reserved after the signature", in.left());
    return new SnpReport(
        version,
        guestSvn,
        policy,
        familyId,
        imageId,
        vmpl,
        platformInfo,
        (int) (keyInfo >>> 2),
        reportData,
        measurement,
        hostData,
        idKeyDigest,
        authorKeyDigest,
        reportId,
        reportedTcb,
        family,
        model,
        chipId,
        bytes.substring(0, SIGNED_BYTES),
        r.concat(s));
  }

  private static int version(Octets in) {
    long version = in.u32("version");
    if (version < VERSION_MIN || version > VERSION_MITIGATIONS) {
      throw in.malformed("version", "is %d; known are 2 to 5".formatted(version));
    }
    return (int) version;
  }

  private static long policy(Octets in) {
    long policy = in.u64("policy");
    if ((policy & POLICY_RESERVED_ONE) == 0) {
      throw in.malformed("policy", "has bit 17 clear, which is always set");
    }
    return policy;
  }

  private static ByteString scalar(Octets in, String field) {
    ByteString scalar = in.take(field, SCALAR_BYTES);
    in.zeros(field, SCALAR_PAD_BYTES);
    return Octets.reversed(scalar);
  }
}
