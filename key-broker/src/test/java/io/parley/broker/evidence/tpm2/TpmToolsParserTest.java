package io.parley.broker.evidence.tpm2;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.spec.MGF1ParameterSpec;
import java.security.spec.PSSParameterSpec;
import java.util.Base64;
import java.util.Objects;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.BERSequence;
import org.bouncycastle.asn1.DERSequence;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Files that tpm2-tools 5.4 wrote of an swtpm, over the nonce 0102030405. */
final class TpmToolsParserTest {
  private static final ByteString NONCE = Hex.parse("0102030405");

  private record Files(ByteString message, ByteString signature, ByteString pcrs, ByteString key) {
    static Files of(String name, String key) {
      return new Files(
          file(name + ".msg"), file(name + ".sig"), file(name + ".pcrs"), keyFile(key));
    }

    Verification<TpmClaims> verify() {
      TpmQuote quote = new TpmToolsParser().parse(message, signature, pcrs, key);
      TpmKey read = Objects.requireNonNull(quote.key());
      return new TpmVerifier()
          .verify(
              quote,
              new TpmAnchor.PinnedKey(read.fingerprint()),
              new ExpectedReportData.Exactly(NONCE));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "ecdsa, ecdsa.pem, 3",
    "ecdsa, ecdsa.tss, 3",
    "ecdsa-plain, ecdsa.pem, 3",
    "rsassa, rsassa.pem, 3",
    "rsassa-plain, rsassa.pem, 3",
    "rsapss, rsapss.pem, 24",
    "rsapss, rsapss.tss, 24",
    "rsapss-plain, rsapss.tss, 3",
  })
  void readsWhatTheToolsWrite(String name, String key, int pcrs) {
    TpmClaims claims = genuine(Files.of(name, key).verify());
    assertThat(claims.pcrs()).hasSize(pcrs);
    assertThat(Objects.requireNonNull(claims.pcrs().get(7))).isNotEqualTo(claims.pcrs().get(0));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ecdsa", "ecdsa-plain"})
  void refusesEveryChange(String name) {
    Files right = Files.of(name, "ecdsa.tss");
    Mutations.allRefused(
        right.message(),
        bytes -> new Files(bytes, right.signature(), right.pcrs(), right.key()).verify());
    Mutations.allRefused(
        right.signature(),
        bytes -> new Files(right.message(), bytes, right.pcrs(), right.key()).verify());
    Mutations.allRefused(
        right.pcrs(),
        bytes -> new Files(right.message(), right.signature(), bytes, right.key()).verify());
  }

  @Test
  void refusesPartsOfAnotherQuote() {
    Files right = Files.of("ecdsa", "ecdsa.pem");
    Files other = Files.of("rsapss", "rsapss.pem");
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        new Files(right.message(), file("ecdsa-plain.sig"), right.pcrs(), right.key()).verify());
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        new Files(right.message(), other.signature(), right.pcrs(), right.key()).verify());
    bad(
        Reason.EVIDENCE_SIGNATURE_WRONG,
        new Files(right.message(), right.signature(), right.pcrs(), other.key()).verify());
    assertThatThrownBy(
            () -> new Files(right.message(), right.signature(), other.pcrs(), right.key()).verify())
        .isInstanceOf(RefusedException.class);
    byte[] selection = right.pcrs().toByteArray();
    selection[7] ^= 3;
    assertThatThrownBy(() ->
            new Files(
                    right.message(), right.signature(), ByteString.copyFrom(selection), right.key())
                .verify())
        .hasMessageContaining("is not that of the quote");
  }

  /** PEM does not say how the key signs. */
  @Test
  void aBarePssSignatureNeedsTheKeysScheme() {
    bad(Reason.EVIDENCE_SIGNATURE_WRONG, Files.of("rsapss-plain", "rsapss.pem").verify());
  }

  @Test
  void takesOneFormOfEachEcdsaSignature() throws IOException {
    Files right = Files.of("ecdsa-plain", "ecdsa.pem");
    TpmSignature read = TpmSignature.parse(right.signature(), null);
    BigInteger r = new BigInteger(1, read.value().substring(0, 32).toByteArray());
    BigInteger s = new BigInteger(1, read.value().substring(32).toByteArray());
    assertThat(der(r, s)).isEqualTo(right.signature());
    ASN1EncodableVector both = new ASN1EncodableVector();
    both.add(new ASN1Integer(r));
    both.add(new ASN1Integer(s));
    malformed(ByteString.copyFrom(new BERSequence(both).getEncoded()));
    both.add(new ASN1Integer(1));
    malformed(ByteString.copyFrom(new DERSequence(both).getEncoded()));
    malformed(der(r.negate(), s));
    malformed(der(r, BigInteger.ZERO));
    malformed(der(r, s.setBit(256)));
    malformed(der(r, s.setBit(2000)));
  }

  private static ByteString der(BigInteger r, BigInteger s) throws IOException {
    ASN1EncodableVector both = new ASN1EncodableVector();
    both.add(new ASN1Integer(r));
    both.add(new ASN1Integer(s));
    return ByteString.copyFrom(new DERSequence(both).getEncoded());
  }

  private static void malformed(ByteString signature) {
    assertThatThrownBy(() -> TpmSignature.parse(signature, null))
        .isInstanceOf(RefusedException.class);
  }

  /** Evidence for jobs has one form. */
  @Test
  void jobsTakeTheTpmsOwnStructureOnly() {
    for (String plain : new String[] {"ecdsa-plain.sig", "rsassa-plain.sig"}) {
      ByteString signature = file(plain);
      assertThatThrownBy(() -> TpmSignature.parseStructure(signature))
          .isInstanceOf(RefusedException.class);
    }
  }

  /** As long as the hash, or as long as fits: what TPMs do, and nothing in between. */
  @ParameterizedTest
  @CsvSource({"32, true", "222, true", "0, false", "20, false", "221, false"})
  void takesTheSaltsOfTpms(int saltBytes, boolean good) throws GeneralSecurityException {
    KeyPair keys = FakeTpm.rsa().attestation;
    Signature signer = Signature.getInstance("RSASSA-PSS");
    signer.setParameter(
        new PSSParameterSpec("SHA-256", "MGF1", MGF1ParameterSpec.SHA256, saltBytes, 1));
    signer.initSign(keys.getPrivate());
    signer.update(NONCE.toByteArray());
    ByteString signature = ByteString.copyFrom(signer.sign());
    assertThat(Signatures.verifies(Signatures.RSA_PSS, keys.getPublic(), NONCE, signature))
        .isEqualTo(good);
    assertThat(
            Signatures.verifies(
                Signatures.RSA_PSS, keys.getPublic(), NONCE.concat(NONCE), signature))
        .isFalse();
    assertThat(
            Signatures.verifies(
                Signatures.RSA_PSS, FakeTpm.ecc().attestation.getPublic(), NONCE, signature))
        .isFalse();
  }

  private static ByteString keyFile(String name) {
    ByteString file = file(name);
    return name.endsWith(".pem")
        ? ByteString.copyFrom(
            Base64.getMimeDecoder().decode(file.toStringUtf8().replaceAll("-----[A-Z ]+-----", "")))
        : file;
  }

  private static ByteString file(String name) {
    try (InputStream in = TpmToolsParserTest.class.getResourceAsStream("/tpm2-tools/" + name)) {
      return ByteString.readFrom(Objects.requireNonNull(in, name));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
