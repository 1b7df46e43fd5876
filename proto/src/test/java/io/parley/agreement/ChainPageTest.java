package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The chain on the page about chains can be agreed as it stands there. */
class ChainPageTest {
  private static final Pattern CHAIN =
      Pattern.compile("ChainPageTest\\. -->\n```yaml\n(.*?)```", Pattern.DOTALL);
  private static final String REST =
      """
      agreement: training-effect
      parties: [agency, taxoffice]
      compute: [taxoffice]
      results:
        effect: {recipients: [agency], max_rows: 100}
        matched: {recipients: [agency, taxoffice], max_rows: 100}
      environment: {evidence: [simulated], tests: strict}
      changes: unanimous
      expires: 2027-06-30
      max_jobs: 10
      """;

  @Test
  void theChainOnThePageIsOne() throws IOException {
    Matcher page = CHAIN.matcher(Files.readString(page()));
    assertThat(page.find()).isTrue();
    AgreementDraft draft = AgreementYaml.parse(REST + page.group(1), "chains.md");
    assertThat(draft.steps()).containsExactly("match", "after");
    Agreement agreement = resolve(draft);
    assertThat(AgreementCodec.decode(AgreementCodec.encode(agreement))).isEqualTo(agreement);
    assertThat(resolve(AgreementYaml.parse(AgreementYaml.write(agreement), "again")))
        .isEqualTo(agreement);
    Chain chain = java.util.Objects.requireNonNull(agreement.chain());
    assertThat(Chain.parameters(chain.steps().getFirst(), Map.of("caliper", "0.2")))
        .containsEntry("caliper", "0.2")
        .containsEntry("outcome", "re78");
  }

  private final Membership membership = membership();

  private Agreement resolve(AgreementDraft draft) {
    return draft.resolve(
        membership,
        name -> Digest.of(name.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
        () -> Samples.SHIM);
  }

  private static Membership membership() {
    InstantSource clock = InstantSource.fixed(Samples.NOW);
    SecureRandom random = new SecureRandom();
    return new Membership(
        "training",
        1,
        null,
        Samples.NOW,
        List.of(
            PartyIdentity.generate("agency", clock, random).member("127.0.0.1:7001"),
            PartyIdentity.generate("taxoffice", clock, random).member("127.0.0.1:7002")),
        new Samples().brokerEntry());
  }

  /** Tests run in their module's folder. */
  private static Path page() {
    Path page = Path.of("../deploy/docs/chains.md");
    return Files.exists(page) ? page : Path.of("deploy/docs/chains.md");
  }
}
