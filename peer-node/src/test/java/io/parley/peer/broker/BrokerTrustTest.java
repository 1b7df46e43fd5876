package io.parley.peer.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Terms;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When a party asks, what it lets count, and what it refuses. */
class BrokerTrustTest {
  private static final Digest CERTIFICATE = Digest.of(new byte[] {1});
  private static final Digest OTHER_CERTIFICATE = Digest.of(new byte[] {2});
  private static final Judgement GOOD = new Judgement.Accepted("{}", List.of());

  @TempDir static Path folder;
  private static final SecureRandom RANDOM = new SecureRandom();
  private final BrokerIdentity broker = BrokerIdentity.generate("keys", Clock.systemUTC(), RANDOM);
  private PartyIdentity party;
  private Membership membership;

  private final List<Question> asked = new ArrayList<>();
  private volatile Digest certificate = CERTIFICATE;
  private volatile Judgement judgement = GOOD;
  private @Nullable ParleyException answer;
  private long nanos = Long.MAX_VALUE - 5;

  private final BrokerSource source =
      new BrokerSource() {
        @Override
        public Digest certificate() {
          return certificate;
        }

        @Override
        public Shown evidence(ByteString nonce) {
          if (answer != null) {
            throw answer;
          }
          BrokerStatement statement =
              new BrokerStatement(nonce, broker.signingKey().verifyingKey().value(), certificate);
          return new Shown(
              new BrokerEvidence(
                  "sev-snp",
                  statement.encode(),
                  ByteString.copyFromUtf8("report"),
                  List.of(),
                  List.of()),
              certificate);
        }
      };

  private final BrokerTrust trust =
      new BrokerTrust(
          source,
          question -> {
            asked.add(question);
            return judgement;
          },
          () -> membership,
          RANDOM,
          Clock.systemUTC(),
          () -> nanos);

  @BeforeEach
  void consortium() {
    party =
        PartyIdentity.create(
            folder.resolve("identity-" + System.identityHashCode(this)),
            "ada",
            Clock.systemUTC(),
            RANDOM);
    membership =
        new Membership(
            "test",
            1,
            null,
            Instant.now(),
            List.of(party.member("127.0.0.1:1")),
            broker.broker("127.0.0.1:2"));
  }

  private static PlatformPolicy policy(String measured) {
    return PlatformYaml.parse(
            """
            kind: sev-snp
            families: [milan]
            measurements: [%s]
            minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
            """
                .formatted(measured.repeat(48)),
            "policy.yaml")
        .policy();
  }

  private Agreement agreement(Digest with, PlatformPolicy... demand) {
    return new Agreement(
        "wards",
        List.of(party.party()),
        with,
        Digest.of(new byte[3]),
        List.of(
            new Dataset("t", "ada", List.of(new Column("id", ColumnType.BIGINT, true)), List.of())),
        List.of("ada"),
        List.of(new ResultRule("summary", List.of("ada"), 10)),
        new Environment(
            List.of("simulated"),
            List.of(Digest.of(new byte[4])),
            Environment.STRICT_TESTS,
            List.of("bwrap")),
        Terms.of(ChangeRule.NEVER, Instant.parse("2040-01-01T00:00:00Z"), 5),
        List.of(),
        List.of(demand));
  }

  private Agreement demanding(String measured) {
    return agreement(membership.broker().digest(), policy(measured));
  }

  private void passes(Duration time) {
    nanos += time.toNanos();
  }

  @Test
  void anAgreementThatDemandsNothingAsksNobody() {
    answer = new EnvironmentException(Reason.BROKER_UNAVAILABLE, "down");
    trust.require(agreement(membership.broker().digest()));
    assertThat(asked).isEmpty();
  }

  @Test
  void whatIsJudgedIsAboutAFreshNonceAndTheTwoKeysOfTheBroker() {
    trust.look(List.of(policy("ab")));
    trust.look(List.of(policy("ab")));
    assertThat(asked).hasSize(2);
    BrokerStatement first = asked.get(0).expected();
    BrokerStatement second = asked.get(1).expected();
    assertThat(first.nonce()).isNotEqualTo(second.nonce());
    assertThat(first.brokerKey()).isEqualTo(broker.signingKey().verifyingKey().value());
    assertThat(first.tlsCertificate()).isEqualTo(CERTIFICATE);
    assertThat(asked.getFirst().policies()).containsExactly(policy("ab"));
  }

  @Test
  void aGoodAnswerHoldsForTenMinutesOnAClockThatMayWrap() {
    trust.require(demanding("ab"));
    passes(BrokerTrust.GOOD_FOR.minusNanos(1));
    trust.require(demanding("ab"));
    assertThat(asked).hasSize(1);
    passes(Duration.ofNanos(1));
    trust.require(demanding("ab"));
    assertThat(asked).hasSize(2);
  }

  @Test
  void itHoldsForThatDemandAlone() {
    trust.require(demanding("ab"));
    judgement = bad();
    refused(Reason.BROKER_EVIDENCE_WRONG, demanding("cd"));
    trust.require(demanding("ab"));
    assertThat(asked).hasSize(2);
  }

  @Test
  void itHoldsForThatCertificateAlone() {
    trust.require(demanding("ab"));
    certificate = OTHER_CERTIFICATE;
    judgement = bad();
    refused(Reason.BROKER_EVIDENCE_WRONG, demanding("ab"));
    certificate = CERTIFICATE;
    trust.require(demanding("ab"));
    assertThat(asked).hasSize(2);
  }

  private static Judgement bad() {
    return new Judgement.Refused(
        "EVIDENCE_MEASUREMENT_WRONG",
        "measurement",
        "start the image that the parties signed",
        "abab",
        "cdcd",
        List.of());
  }

  @Test
  void aRefusalNamesClaimExpectedAndSeenAndIsNotRemembered() {
    judgement = bad();
    ParleyException refusal = refused(Reason.BROKER_EVIDENCE_WRONG, demanding("ab"));
    assertThat(refusal.metadata())
        .containsEntry("claim", "measurement")
        .containsEntry("check", "EVIDENCE_MEASUREMENT_WRONG")
        .containsEntry("expected", "abab")
        .containsEntry("seen", "cdcd");
    assertThat(refusal)
        .hasMessageContaining("'wards' demands sev-snp evidence of the broker itself")
        .hasMessageContaining("expected abab, seen cdcd");
    judgement = GOOD;
    trust.require(demanding("ab"));
  }

  @Test
  void whatCannotBeCheckedIsRefusedToo() {
    judgement = new Judgement.Unchecked("IO_FAILED", "it did not answer", List.of());
    assertThat(refused(Reason.BROKER_EVIDENCE_UNCHECKED, demanding("ab")))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("it did not answer");
  }

  @Test
  void aBrokerWithoutEvidenceIsNamedWithTheAgreementThatDemandsIt() {
    answer = new RefusedException(Reason.BROKER_EVIDENCE_MISSING, "no own_evidence");
    assertThat(refused(Reason.BROKER_EVIDENCE_MISSING, demanding("ab")))
        .hasMessageContaining("'wards'")
        .hasMessageContaining("no own_evidence");
    answer = new EnvironmentException(Reason.BROKER_UNAVAILABLE, "down");
    refused(Reason.BROKER_UNAVAILABLE, demanding("ab"));
  }

  @Test
  void anAgreementWithAnotherBrokerIsRefusedBeforeAnybodyIsAsked() {
    refused(Reason.BROKER_KEY_WRONG, agreement(Digest.of(new byte[9]), policy("ab")));
    assertThat(asked).isEmpty();
  }

  @Test
  void manyAtOnceAskOnce() throws Exception {
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        all.add(threads.submit(() -> trust.require(demanding("ab"))));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
    assertThat(asked).hasSize(1);
  }

  private ParleyException refused(Reason reason, Agreement agreement) {
    Throwable[] seen = new Throwable[1];
    assertThatThrownBy(() -> trust.require(agreement))
        .satisfies(thrown -> seen[0] = thrown)
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason));
    return (ParleyException) seen[0];
  }
}
