package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.trust.Octets;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.math.BigInteger;
import java.security.cert.X509Certificate;
import org.bouncycastle.asn1.ASN1IA5String;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1Primitive;
import org.jspecify.annotations.Nullable;

/**
 * A VCEK or VLEK certificate with AMD's extensions (AMD publication 57230, tables 8 and 9), which
 * are read and not yet believed.
 */
final class SnpCertificate {
  private static final String AMD = "1.3.6.1.4.1.3704.1.";
  private static final String PRODUCT_NAME = AMD + "2";
  private static final String BOOTLOADER = AMD + "3.1";
  private static final String TEE = AMD + "3.2";
  private static final String SNP = AMD + "3.3";
  private static final String MICROCODE = AMD + "3.8";
  private static final String FMC = AMD + "3.9";
  private static final String HARDWARE_ID = AMD + "4";
  private static final String CSP_ID = AMD + "5";
  private static final int BYTE_MAX = 0xff;

  private final X509Certificate certificate;

  SnpCertificate(X509Certificate certificate) {
    this.certificate = certificate;
  }

  /** Whether a certificate says which versions it is about, as no issuing one does. */
  static boolean isOne(X509Certificate certificate) {
    return certificate.getExtensionValue(BOOTLOADER) != null;
  }

  X509Certificate certificate() {
    return certificate;
  }

  /** Of a chip, not of a cloud operator. */
  boolean isVcek() {
    return certificate.getExtensionValue(CSP_ID) == null;
  }

  /** "VCEK" or "VLEK". */
  String what() {
    return isVcek() ? "VCEK" : "VLEK";
  }

  SnpProduct product() {
    if (!(read(PRODUCT_NAME) instanceof ASN1IA5String name)) {
      throw malformed(PRODUCT_NAME, "is no product name");
    }
    return SnpProduct.named(name.getString())
        .orElseThrow(() -> malformed(PRODUCT_NAME, "is no product that is known here"));
  }

  Tcb tcb(SnpProduct product) {
    return new Tcb(
        product == SnpProduct.TURIN ? version(FMC) : 0,
        version(BOOTLOADER),
        version(TEE),
        version(SNP),
        version(MICROCODE));
  }

  /** The chip's identifier; some certificates have it bare, some as an octet string of its own. */
  ByteString hardwareId(SnpProduct product) {
    byte[] bare = ASN1OctetString.getInstance(extension(HARDWARE_ID)).getOctets();
    if (bare.length == product.chipIdBytes()) {
      return ByteString.copyFrom(bare);
    }
    if (read(HARDWARE_ID) instanceof ASN1OctetString wrapped
        && wrapped.getOctets().length == product.chipIdBytes()) {
      return ByteString.copyFrom(wrapped.getOctets());
    }
    throw malformed(HARDWARE_ID, "is not %d bytes".formatted(product.chipIdBytes()));
  }

  private int version(String oid) {
    if (read(oid) instanceof ASN1Integer number) {
      BigInteger value = number.getValue();
      if (value.signum() >= 0 && value.compareTo(BigInteger.valueOf(BYTE_MAX)) <= 0) {
        return value.intValue();
      }
    }
    throw malformed(oid, "is no version from 0 to 255");
  }

  private @Nullable ASN1Primitive read(String oid) {
    try {
      return ASN1Primitive.fromByteArray(ASN1OctetString.getInstance(extension(oid)).getOctets());
    } catch (IOException e) {
      return null;
    }
  }

  private byte[] extension(String oid) {
    byte[] value = certificate.getExtensionValue(oid);
    if (value == null) {
      throw malformed(oid, "is missing");
    }
    return value;
  }

  private RefusedException malformed(String oid, String problem) {
    return Octets.malformed(what(), "extension " + oid, problem);
  }
}
