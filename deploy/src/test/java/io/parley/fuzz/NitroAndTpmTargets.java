package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.nitro.FakeAws;
import io.parley.broker.evidence.nitro.NitroDocumentParser;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.tpm2.CredentialActivation;
import io.parley.broker.evidence.tpm2.EkCertificate;
import io.parley.broker.evidence.tpm2.EkRevocation;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.broker.evidence.tpm2.TpmAnchor;
import io.parley.broker.evidence.tpm2.TpmEvidenceParser;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.tpm2.TpmQuote;
import io.parley.broker.evidence.tpm2.TpmQuoteParser;
import io.parley.broker.evidence.tpm2.TpmVerifier;
import io.parley.broker.evidence.trust.Certificates;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Nitro documents, what a TPM says, and certificates of all vendors. */
final class NitroAndTpmTargets {
  private static final byte[] REPORT_DATA = new byte[64];

  private NitroAndTpmTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "nitro-document", scratch -> nitro(),
        "tpm-quote", scratch -> tpmQuote(),
        "tpm-signature", scratch -> tpmSignature(),
        "tpm-key", scratch -> tpmKey(),
        "tpm-evidence", scratch -> tpmEvidence(),
        "certificates", scratch -> certificates());
  }

  private static FuzzTarget nitro() {
    FakeAws aws = new FakeAws();
    ByteString good = aws.document(REPORT_DATA);
    Set<NitroClaims> signed = Set.of(Verdicts.genuine(verify(aws, good)));
    List<byte[]> hints =
        SharedVectors.matching("attestation-doc-base64$").stream()
            .map(text -> Base64.getMimeDecoder().decode(text))
            .toList();
    return new FuzzTarget(
        List.of(good.toByteArray()),
        hints,
        bytes -> Verdicts.isGenuine(verify(aws, ByteString.copyFrom(bytes)), signed));
  }

  private static Verification<NitroClaims> verify(FakeAws aws, ByteString document) {
    return new NitroVerifier(Set.of(aws.root.fingerprint()))
        .verify(
            new NitroDocumentParser().parse(document),
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
  }

  private static FuzzTarget tpmQuote() {
    FakeTpm tpm = FakeTpm.ecc();
    ByteString good = FakeTpm.attest(REPORT_DATA);
    ByteString signature = tpm.sign(good);
    return quoted(tpm, good, bytes -> parse(bytes, signature, tpm.key()));
  }

  private static FuzzTarget tpmSignature() {
    FakeTpm tpm = FakeTpm.rsa();
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    return quoted(tpm, tpm.sign(attest), bytes -> parse(attest, bytes, tpm.key()));
  }

  private static FuzzTarget quoted(
      FakeTpm tpm, ByteString seed, Function<ByteString, TpmQuote> parser) {
    TpmAnchor anchor = activated(tpm);
    Set<TpmClaims> signed = Set.of(Verdicts.genuine(verify(parser.apply(seed), anchor)));
    return new FuzzTarget(
        List.of(seed.toByteArray()),
        bytes ->
            Verdicts.isGenuine(verify(parser.apply(ByteString.copyFrom(bytes)), anchor), signed));
  }

  private static TpmQuote parse(ByteString attest, ByteString signature, TpmKey key) {
    return new TpmQuoteParser().parse(attest, signature, FakeTpm.pcrs(), key);
  }

  private static Verification<TpmClaims> verify(TpmQuote quote, TpmAnchor anchor) {
    return new TpmVerifier()
        .verify(quote, anchor, new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)));
  }

  private static TpmAnchor activated(FakeTpm tpm) {
    EkCertificate endorsed =
        Verdicts.genuine(
            EkCertificate.verify(
                tpm.chain(), tpm.roots(), EkRevocation.NOT_REQUIRED, FakeAuthority.NOW));
    CredentialActivation challenge =
        Verdicts.genuine(CredentialActivation.challenge(endorsed, tpm.key(), new SecureRandom()));
    return new TpmAnchor.Activated(
        Verdicts.genuine(
            challenge.answer(
                tpm.activate(challenge.credentialBlob(), challenge.encryptedSecret()))));
  }

  private static FuzzTarget tpmKey() {
    return new FuzzTarget(
        List.of(FakeTpm.rsa().area().toByteArray(), FakeTpm.ecc().area().toByteArray()),
        bytes -> {
          ByteString came = ByteString.copyFrom(bytes);
          TpmKey key = TpmKey.parse(came);
          if (key.area() != null && !key.area().equals(came)) {
            throw new AssertionError("a key's area is not what came");
          }
          return true;
        });
  }

  private static FuzzTarget tpmEvidence() {
    return new FuzzTarget(
        List.of(),
        List.of(
            "{\"tpm_quote\":{\"message\":\"ff\",\"signature\":\"AA==\",\"pcrs\":[]}}"
                .getBytes(UTF_8)),
        bytes -> {
          var unused = new TpmEvidenceParser().parse(ByteString.copyFrom(bytes));
          return true;
        });
  }

  /** DER, a revocation list or PEM, by the first byte as a person would. */
  private static FuzzTarget certificates() {
    FakeAuthority root = FakeAuthority.root("CN=root", FakeAuthority.ec("secp384r1"));
    FakeAuthority leaf = root.issuer("CN=issuer", FakeAuthority.ec("secp256r1"));
    try {
      byte[] der = leaf.certificate().getEncoded();
      byte[] list =
          root.revoking(FakeAuthority.FROM, FakeAuthority.TO, leaf.certificate()).getEncoded();
      String pem =
          "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
              .formatted(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der));
      return new FuzzTarget(
          List.of(der, list, pem.getBytes(ISO_8859_1)),
          SharedVectors.matching("\\.(der|pem|crl|crt)$"),
          NitroAndTpmTargets::certificate);
    } catch (CertificateEncodingException | CRLException e) {
      throw new IllegalStateException(e);
    }
  }

  private static boolean certificate(byte[] bytes) throws CertificateEncodingException {
    ByteString came = ByteString.copyFrom(bytes);
    if (bytes.length > 0 && bytes[0] == '-') {
      var unused = Certificates.parsePem("test", new String(bytes, ISO_8859_1));
      unused = Certificates.parseCanonicalPem("test", came);
    } else if (Certificates.isCrl(came)) {
      var unused = Certificates.parseCrl("test", came);
    } else {
      byte[] again = Certificates.parse("test", came).getEncoded();
      if (!ByteString.copyFrom(again).equals(came)) {
        throw new AssertionError("a certificate is not what came");
      }
    }
    return true;
  }
}
