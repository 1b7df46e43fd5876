package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;
import io.parley.broker.evidence.trust.Signatures;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteOrder;
import java.util.List;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1Sequence;
import org.bouncycastle.asn1.DERSequence;
import org.jspecify.annotations.Nullable;

/**
 * A signature with SHA-256 by RSASSA, RSAPSS or ECDSA over P-256, not checked.
 *
 * @param algorithm by its Java name
 * @param value as {@link Signatures} takes it
 */
record TpmSignature(String algorithm, ByteString value) {
  private static final int SCALAR_BYTES = 32;
  private static final int DER_SEQUENCE = 0x30;
  private static final int DER_BYTES_MAX = 2 + 2 * (2 + 1 + SCALAR_BYTES);
  private static final List<Integer> RSA_BYTES = List.of(256, 384, 512);

  /**
   * Reads a TPMT_SIGNATURE, or one without the structure: a bare RSA signature, or r and s as DER.
   *
   * @param key tells which of RSA's schemes a bare signature is of; RSASSA where it does not
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  static TpmSignature parse(ByteString bytes, @Nullable TpmKey key) {
    if (RSA_BYTES.contains(bytes.size())) {
      boolean pss = key != null && key.signsWithPss();
      return new TpmSignature(pss ? Signatures.RSA_PSS : Signatures.RSA, bytes);
    }
    return !bytes.isEmpty() && bytes.byteAt(0) == DER_SEQUENCE
        ? new TpmSignature(Signatures.P256, fromDer(bytes))
        : parseStructure(bytes);
  }

  /**
   * Reads a TPMT_SIGNATURE and no other form.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  static TpmSignature parseStructure(ByteString bytes) {
    Octets in = new Octets("TPM signature", bytes, ByteOrder.BIG_ENDIAN);
    int scheme = in.u16("sigAlg");
    if (in.u16("hash") != Tpm.ALG_SHA256) {
      throw in.malformed("hash", "is not SHA-256");
    }
    TpmSignature signature =
        switch (scheme) {
          case Tpm.ALG_RSASSA -> new TpmSignature(Signatures.RSA, rsa(in));
          case Tpm.ALG_RSAPSS -> new TpmSignature(Signatures.RSA_PSS, rsa(in));
          case Tpm.ALG_ECDSA ->
              new TpmSignature(Signatures.P256, scalar(in, "r").concat(scalar(in, "s")));
          default -> throw in.malformed("sigAlg", "is not RSASSA, RSAPSS or ECDSA");
        };
    in.end();
    return signature;
  }

  private static ByteString rsa(Octets in) {
    ByteString signature = in.take("sig", in.u16("sig.size"));
    if (!RSA_BYTES.contains(signature.size())) {
      throw in.malformed("sig", "is not as long as an RSA key");
    }
    return signature;
  }

  private static ByteString scalar(Octets in, String field) {
    int size = in.u16(field + ".size");
    if (size > SCALAR_BYTES) {
      throw in.malformed(field, "is more than %d bytes".formatted(SCALAR_BYTES));
    }
    return scalar(field, new BigInteger(1, in.take(field, size).toByteArray()));
  }

  /** A TPM may leave leading zeros out. */
  private static ByteString scalar(String field, BigInteger value) {
    if (value.signum() <= 0 || value.bitLength() > SCALAR_BYTES * Byte.SIZE) {
      throw Octets.malformed("TPM signature", field, "is no number of P-256");
    }
    return ByteString.copyFrom(CredentialProtection.fixed(value, SCALAR_BYTES));
  }

  private static ByteString fromDer(ByteString der) {
    try {
      ASN1Sequence both =
          der.size() <= DER_BYTES_MAX
              ? ASN1Sequence.getInstance(der.toByteArray())
              : new DERSequence();
      if (both.size() == 2) {
        ASN1Integer r = ASN1Integer.getInstance(both.getObjectAt(0));
        ASN1Integer s = ASN1Integer.getInstance(both.getObjectAt(1));
        byte[] same = new DERSequence(new ASN1Encodable[] {r, s}).getEncoded(ASN1Encoding.DER);
        if (ByteString.copyFrom(same).equals(der)) {
          return scalar("r", r.getValue()).concat(scalar("s", s.getValue()));
        }
      }
    } catch (IllegalArgumentException | IOException e) {
      // As what is readable and no signature.
    }
    throw Octets.malformed("TPM signature", "it", "is not r and s as DER and no more");
  }
}
