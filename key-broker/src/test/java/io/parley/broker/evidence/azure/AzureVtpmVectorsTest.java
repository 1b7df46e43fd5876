package io.parley.broker.evidence.azure;

import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static io.parley.broker.evidence.Vectors.TRUSTEE;
import static io.parley.broker.evidence.Vectors.TRUSTEE_SNP;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.AzureVtpmClaims;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Mutations;
import io.parley.broker.evidence.Vectors;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.sevsnp.SnpRoots;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Evidence of real machines of Azure's. */
final class AzureVtpmVectorsTest {
  private static final String FOLDER = TRUSTEE + "az-snp-vtpm/";
  private static final String CHALLENGE = "6368616c6c656e6765";
  private static final String GENOAS_NONCE =
      "0218488bae25d2509232bf676f1a66a30d7372add909109b36016ef136f2938c"
          + "a05475f8b46094de6b64270ea35d950f";
  private static final Instant JUNE_2025 = Instant.parse("2025-06-01T00:00:00Z");
  private static final KnownSignatures KNOWN = new KnownSignatures(100);

  /** Of a machine; every flip is tried of those that are not too long. */
  private static final int EVERY_FLIP_BYTES = 10_000;

  @BeforeAll
  static void present() {
    Vectors.assumePresent();
  }

  @ParameterizedTest
  @CsvSource({
    "evidence-v0.json, milan, 6a063be9dd79f637, " + CHALLENGE,
    "evidence-v1.json, milan, 6a063be9dd79f637, " + CHALLENGE,
    "evidence-v2.json, milan, 5b0ce64ad1c1f637, 982f5c6e45df0ed3f10b6f60b02f0c8390e281300f3805e22"
        + "79c16168cd6ae9aa398f647caa2338748cd0fd9f5f819ef",
    "evidence-genoa.json, genoa, f57dc09a507c6ecd, " + GENOAS_NONCE,
  })
  void acceptsItAndNothingElse(String name, String line, String measurement, String nonce) {
    ByteString good = Vectors.bytes(FOLDER + name);
    ByteString made = Hex.parse(nonce);
    AzureVtpmClaims claims = genuine(verify(good, line, made));
    assertThat(claims.report().product()).isEqualTo(line);
    assertThat(claims.report().debug()).isFalse();
    assertThat(Hex.of(claims.report().measurement())).startsWith(measurement);
    assertThat(claims.quote().pcrs()).hasSize(24);
    assertThat(claims.configuration()).containsEntry("secure-boot", "true");
    bad(Reason.EVIDENCE_REPORT_DATA_WRONG, verify(good, line, made.concat(made)));
    bad(
        Reason.EVIDENCE_PRODUCT_WRONG,
        verify(good, line.equals("milan") ? "genoa" : "milan", made));
    int step = good.size() > EVERY_FLIP_BYTES ? 13 : 1;
    for (int at = 0; at < good.toStringUtf8().stripTrailing().length(); at += step) {
      Mutations.flipsRefused(good, at, at + 1, bytes -> verify(bytes, line, made));
    }
    ByteString whole = good.substring(0, good.toStringUtf8().stripTrailing().length());
    Mutations.cutsRefused(
        step == 1 ? whole : whole.substring(0, 2_000), bytes -> verify(bytes, line, made));
    for (String more : List.of("0", "}", "\u0000", whole.toStringUtf8())) {
      assertThatThrownBy(() -> verify(whole.concat(ByteString.copyFromUtf8(more)), line, made))
          .isInstanceOf(RefusedException.class);
    }
  }

  /** The parts are another machine's: the key is not the one that the report holds. */
  @Test
  void refusesTheQuoteOfAnotherMachine() {
    String one = Vectors.text(FOLDER + "evidence-v1.json");
    String other = Vectors.text(FOLDER + "evidence-v2.json");
    ByteString mixed =
        ByteString.copyFromUtf8(one.replace(value(one, "hcl_report"), value(other, "hcl_report")));
    bad(Reason.EVIDENCE_SIGNATURE_WRONG, verify(mixed, "milan", Hex.parse(CHALLENGE)));
  }

  /** The vectors have this machine's report and quote in files of their own. */
  @Test
  void acceptsTheQuoteByTheKeyOfTheHclReport() {
    ByteString good = together(Vectors.text(FOLDER + "tpm-quote-v1.json"));
    Verification<AzureVtpmClaims> verified =
        verify(good, FOLDER + "vcek.pem", ByteString.copyFromUtf8("challenge"));
    assertThat(genuine(verified).report().product()).isEqualTo("milan");
    bad(
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        verify(good, FOLDER + "vcek.pem", ByteString.copyFromUtf8("egnellahc")));
  }

  private static ByteString together(String quote) {
    String hcl =
        Base64.getEncoder().encodeToString(Vectors.bytes(FOLDER + "hcl-report.bin").toByteArray());
    return ByteString.copyFrom(
        "{\"version\": 2, \"hcl_report\": \"%s\", \"tpm_quote\": %s}".formatted(hcl, quote),
        StandardCharsets.UTF_8);
  }

  private static String value(String json, String key) {
    int from = json.indexOf('"', json.indexOf("\"" + key + "\"") + key.length() + 2) + 1;
    return json.substring(from, json.indexOf('"', from));
  }

  /**
   * Verifies.
   *
   * @param chain a line of processors, or a file
   */
  private static Verification<AzureVtpmClaims> verify(
      ByteString json, String chain, ByteString nonce) {
    String file = chain.contains(".") ? chain : TRUSTEE_SNP + chain + "_ask_ark_asvk.pem";
    return new AzureVtpmVerifier(new SnpVerifier(SnpRoots.AMD, KNOWN))
        .verify(
            new AzureVtpmParser().parse(json),
            Vectors.pem(file),
            RevocationLists.NONE,
            new ExpectedReportData.Exactly(nonce),
            JUNE_2025);
  }
}
