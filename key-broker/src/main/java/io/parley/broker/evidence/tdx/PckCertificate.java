package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.ASN1Sequence;
import org.jspecify.annotations.Nullable;

/**
 * What Intel puts into the certificate of a machine's key (Intel, "SGX PCK Certificate and
 * Certificate Revocation List Profile", section 1.3.5).
 *
 * @param componentSvns versions of the 16 parts of the platform
 */
record PckCertificate(ByteString fmspc, ByteString pceId, List<Integer> componentSvns, int pceSvn) {
  static final int COMPONENTS = 16;

  private static final String SGX = "1.2.840.113741.1.13.1";
  private static final String TCB = SGX + ".2";
  private static final String PCE_ID = SGX + ".3";
  private static final String FMSPC = SGX + ".4";
  private static final int PCE_SVN = COMPONENTS + 1;
  private static final int SVN_MAX = 0xffff;
  private static final int FMSPC_BYTES = 6;
  private static final int PCE_ID_BYTES = 2;

  /**
   * Reads.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  static PckCertificate of(X509Certificate certificate) {
    byte[] extension = certificate.getExtensionValue(SGX);
    if (extension == null) {
      throw malformed("has no SGX extension");
    }
    try {
      ASN1Encodable content =
          ASN1Primitive.fromByteArray(ASN1OctetString.getInstance(extension).getOctets());
      Map<String, ASN1Encodable> fields = pairs(content);
      Map<String, ASN1Encodable> tcb = pairs(fields.get(TCB));
      List<Integer> svns = new ArrayList<>();
      for (int i = 1; i <= COMPONENTS; i++) {
        svns.add(svn(tcb.get(TCB + "." + i)));
      }
      return new PckCertificate(
          octets(fields.get(FMSPC), FMSPC_BYTES),
          octets(fields.get(PCE_ID), PCE_ID_BYTES),
          List.copyOf(svns),
          svn(tcb.get(TCB + "." + PCE_SVN)));
    } catch (IOException | IllegalArgumentException | ClassCastException e) {
      throw malformed("has an SGX extension that cannot be read");
    }
  }

  private static Map<String, ASN1Encodable> pairs(@Nullable ASN1Encodable encodable) {
    Map<String, ASN1Encodable> pairs = new HashMap<>();
    if (!(encodable instanceof ASN1Sequence sequence)) {
      throw malformed("has an SGX extension without its parts");
    }
    for (ASN1Encodable each : sequence) {
      if (!(each instanceof ASN1Sequence pair)
          || pair.size() != 2
          || !(pair.getObjectAt(0) instanceof ASN1ObjectIdentifier oid)
          || pairs.put(oid.getId(), pair.getObjectAt(1)) != null) {
        throw malformed("has an SGX extension that is no list of named values");
      }
    }
    return pairs;
  }

  private static int svn(@Nullable ASN1Encodable value) {
    if (value instanceof ASN1Integer number) {
      BigInteger svn = number.getValue();
      if (svn.signum() >= 0 && svn.compareTo(BigInteger.valueOf(SVN_MAX)) <= 0) {
        return svn.intValue();
      }
    }
    throw malformed("has a version that is none");
  }

  private static ByteString octets(@Nullable ASN1Encodable value, int size) {
    if (value instanceof ASN1OctetString octets && octets.getOctets().length == size) {
      return ByteString.copyFrom(octets.getOctets());
    }
    throw malformed("has a value that is not %d bytes".formatted(size));
  }

  private static RefusedException malformed(String problem) {
    return Octets.malformed("PCK certificate", "it", problem);
  }
}
