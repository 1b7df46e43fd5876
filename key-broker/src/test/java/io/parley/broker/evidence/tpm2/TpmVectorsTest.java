package io.parley.broker.evidence.tpm2;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Outcomes.unchecked;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.wire.Reason;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Quotes of real TPMs, and of Azure's virtual ones. */
final class TpmVectorsTest {
  private static final ExpectedReportData CHALLENGE =
      new ExpectedReportData.Exactly(ByteString.copyFromUtf8("challenge"));
  private static final ExpectedReportData ANY =
      new ExpectedReportData.Unchecked("made for somebody else");

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @Test
  void acceptsTrusteesQuoteByItsKeyAndRefusesItWithoutAnAnchor() {
    TpmQuote quote = parse("tpm_evidence.json");
    TpmKey key = java.util.Objects.requireNonNull(quote.key());
    TpmClaims claims = genuine(verify(quote, new TpmAnchor.PinnedKey(key.fingerprint()), ANY));
    assertThat(claims.extraData().size()).isEqualTo(64);
    assertThat(claims.pcrs()).hasSize(24);
    unchecked(Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, verify(quote, new TpmAnchor.None(), ANY));
  }

  @Test
  void acceptsAzuresQuoteByTheKeyOfItsHclReport() throws GeneralSecurityException {
    TpmQuote bare = parse("az-snp-vtpm/tpm-quote-v1.json");
    TpmQuote quote =
        new TpmQuoteParser()
            .parse(bare.signed(), bare.signature(), List.copyOf(bare.pcrs().values()), hclKey());
    genuine(verify(quote, pinned(), CHALLENGE));
    bad(
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        verify(
            quote, pinned(), new ExpectedReportData.Exactly(ByteString.copyFromUtf8("egnellahc"))));
  }

  @Test
  void refusesEveryChangeOfAzuresQuote() throws GeneralSecurityException {
    TpmQuote quote = parse("az-snp-vtpm/tpm-quote-v1.json");
    TpmKey key = hclKey();
    TpmAnchor anchor = pinned();
    List<ByteString> pcrs = List.copyOf(quote.pcrs().values());
    TpmQuoteParser parser = new TpmQuoteParser();
    Mutations.allRefused(
        quote.signed(),
        bytes -> verify(parser.parse(bytes, quote.signature(), pcrs, key), anchor, CHALLENGE));
    Mutations.allRefused(
        quote.signature(),
        bytes -> verify(parser.parse(quote.signed(), bytes, pcrs, key), anchor, CHALLENGE));
    for (int i = 0; i < pcrs.size(); i++) {
      int changed = i;
      Mutations.allRefused(
          pcrs.get(i),
          bytes -> {
            List<ByteString> others = new ArrayList<>(pcrs);
            others.set(changed, bytes);
            return verify(
                parser.parse(quote.signed(), quote.signature(), others, key), anchor, CHALLENGE);
          });
    }
  }

  @Test
  void refusesATextThatIsCutOrLonger() {
    ByteString text = Vectors.bytes(TRUSTEE + "tpm_evidence.json");
    TpmKey key = java.util.Objects.requireNonNull(new TpmEvidenceParser().parse(text).key());
    Mutations.cutsRefused(
        text.substring(0, text.toStringUtf8().stripTrailing().length()),
        bytes ->
            verify(
                new TpmEvidenceParser().parse(bytes),
                new TpmAnchor.PinnedKey(key.fingerprint()),
                ANY));
  }

  private static TpmAnchor pinned() throws GeneralSecurityException {
    return new TpmAnchor.PinnedKey(hclKey().fingerprint());
  }

  /** HCLAkPub of the JSON behind the SNP report, which the report binds. */
  private static TpmKey hclKey() throws GeneralSecurityException {
    String hcl =
        Vectors.bytes(TRUSTEE + "az-snp-vtpm/hcl-report.bin")
            .toString(java.nio.charset.StandardCharsets.ISO_8859_1);
    Matcher modulus =
        Pattern.compile("\"kid\":\"HCLAkPub\".{1,80}?\"n\":\"([A-Za-z0-9_-]+)\"").matcher(hcl);
    assertThat(modulus.find()).isTrue();
    return new TpmKey(
        KeyFactory.getInstance("RSA")
            .generatePublic(
                new RSAPublicKeySpec(
                    new BigInteger(1, Base64.getUrlDecoder().decode(modulus.group(1))),
                    BigInteger.valueOf(65_537))),
        null);
  }

  private static TpmQuote parse(String name) {
    return new TpmEvidenceParser().parse(Vectors.bytes(TRUSTEE + name));
  }

  private static Verification<TpmClaims> verify(
      TpmQuote quote, TpmAnchor anchor, ExpectedReportData expected) {
    return new TpmVerifier().verify(quote, anchor, expected);
  }
}
