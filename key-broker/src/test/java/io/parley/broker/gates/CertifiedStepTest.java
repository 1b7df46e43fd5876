package io.parley.broker.gates;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainGrant;
import io.parley.agreement.ChainInput;
import io.parley.agreement.ChainOutput;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Gate;
import io.parley.agreement.Party;
import io.parley.agreement.StepFlow;
import io.parley.broker.MutableTime;
import io.parley.broker.TestBroker;
import io.parley.broker.TestConsortium;
import io.parley.identity.SigningKey;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CertifiedStepTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Gate GATE = new Gate(TestConsortium.HOSPITAL, "join");

  @TempDir Path folder;
  private Agreement plain;

  @BeforeEach
  void agree() throws IOException {
    plain =
        TestBroker.create(folder.resolve("broker"), new MutableTime(Instant.now()), "127.0.0.1:0")
            .agreement("wards", 5);
  }

  private Agreement chained(List<Party> parties) {
    Chain chain =
        new Chain(
            List.of(
                new ChainStep(
                    "join",
                    TestConsortium.APP,
                    new StepFlow(
                        List.of(
                            new ChainInput("admissions", List.of()),
                            new ChainInput("claims", List.of())),
                        List.of(new ChainOutput("summary", List.of(), List.of())),
                        List.of()))),
            List.of(
                new ChainGrant("admissions", List.of("join")),
                new ChainGrant("claims", List.of("join"))));
    return new Agreement(
        plain.name(),
        parties,
        plain.broker(),
        chain.digest(),
        plain.datasets(),
        plain.compute(),
        plain.results(),
        plain.environment(),
        plain.terms(),
        plain.parameters(),
        plain.brokerEvidence(),
        plain.queries(),
        chain);
  }

  /** A name can be given to somebody else, who signs later agreements with another key. */
  @Test
  void anOwnerIsItsKeyToo() {
    List<Party> others =
        plain.parties().stream()
            .map(party ->
                new Party(
                    party.name(),
                    party.name().equals(GATE.owner())
                        ? SigningKey.generate(RANDOM).verifyingKey()
                        : party.signingKey(),
                    party.resultKey(),
                    party.simulatedPlatformKey(),
                    party.witnessKey()))
            .toList();
    CertifiedStep before = CertifiedStep.of(chained(plain.parties()), GATE).orElseThrow();
    CertifiedStep after = CertifiedStep.of(chained(others), GATE).orElseThrow();
    assertThat(after).isNotEqualTo(before);
    assertThat(after.identity()).isEqualTo(before.identity());
    assertThat(after.ownerKey()).isNotEqualTo(before.ownerKey());
  }

  @Test
  void anAgreementsOneAppIsNotCertified() {
    assertThat(CertifiedStep.of(plain, Gate.ofApp(GATE.owner()))).isEmpty();
  }
}
