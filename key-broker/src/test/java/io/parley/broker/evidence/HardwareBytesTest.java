package io.parley.broker.evidence;

import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.evidence.Outcomes.bad;
import static io.parley.broker.evidence.Outcomes.genuine;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.FakeEnclave;
import io.parley.broker.HardwareWorld;
import io.parley.broker.TestConsortium;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.tpm2.CredentialActivation;
import io.parley.broker.evidence.tpm2.Credentials;
import io.parley.broker.evidence.tpm2.EkCertificate;
import io.parley.broker.evidence.tpm2.EkRevocation;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.policy.platform.Comparison;
import io.parley.broker.policy.platform.PlatformCheck;
import io.parley.broker.policy.platform.PolicySource;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.TpmDocument;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whole documents, spoiled in every way: none may be accepted, none may surprise. Chains are
 * remembered as in a broker that runs, so that nothing remembered makes anything good.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class HardwareBytesTest {
  private static final ByteString SEVENS = ByteString.copyFrom(sevens(new byte[32]));

  /** No randomness at all, so that credentials are always the same. */
  private static final SecureRandom SAME =
      new SecureRandom() {
        private static final long serialVersionUID = 1L;

        @Override
        public void nextBytes(byte[] bytes) {
          sevens(bytes);
        }
      };

  private final Credentials credentials =
      new Credentials(SAME, System::nanoTime, Duration.ofMinutes(10));
  private HardwareWorld world;
  private EvidenceContext context;
  private FakeEnclave enclave;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    world = new HardwareWorld(folder.resolve("broker"));
    enclave = world.enclave(INSURER);
    var agreement =
        world.agreement(
            "bytes", List.of(world.snp(), world.tdx(), world.nitro(), world.tpm(List.of())));
    context = new EvidenceContext(agreement, agreement.party(INSURER), world.job.getJobId());
  }

  private static byte[] sevens(byte[] bytes) {
    Arrays.fill(bytes, (byte) 7);
    return bytes;
  }

  @AfterAll
  void stop() {
    world.close();
  }

  static List<String> kinds() {
    return HardwareWorld.KINDS;
  }

  private EvidenceVerifiers verifiers(Instant at) {
    return new EvidenceVerifiers(
        new HashSet<>(HardwareWorld.KINDS),
        CollateralSource.NONE,
        credentials,
        new KnownSignatures(100),
        () -> at);
  }

  /** With a credential that is known beforehand. */
  private ByteString document(String kind, LaunchStatement statement) {
    return kind.equals(TpmPolicy.KIND)
        ? world
            .tpm
            .document(
                statement, TestConsortium.APP, new TpmDocument.Credential.Answer(SEVENS, SEVENS))
            .encode()
        : world.document(kind, INSURER, statement, TestConsortium.APP);
  }

  /** Gives the same credential out once more, so that each document is judged on its own. */
  private void credential() {
    var unused = credentials.take(SEVENS, context.jobId(), INSURER);
    var endorsement =
        genuine(
            EkCertificate.verify(
                world.tpm.chain(),
                world.tpm.roots(),
                EkRevocation.NOT_REQUIRED,
                FakeAuthority.NOW));
    ByteString id =
        credentials.keep(
            context.jobId(),
            INSURER,
            genuine(CredentialActivation.challenge(endorsement, world.tpm.key(), SAME)));
    assertThat(id).isEqualTo(SEVENS);
  }

  private Evidence good(String kind) {
    return enclave.evidence(
        ByteString.copyFrom(new byte[32]), kind, statement -> document(kind, statement));
  }

  private Verification<VerifiedEvidence> verify(EvidenceVerifiers verifiers, Evidence evidence) {
    if (evidence.kind().equals(TpmPolicy.KIND)) {
      credential();
    }
    Verification<VerifiedEvidence> verified =
        verifiers.verify(new EvidenceParser().parse(evidence.toMessage()), context);
    return verified instanceof Verification.Genuine<VerifiedEvidence>(VerifiedEvidence genuine)
        ? judged(genuine, verified)
        : verified;
  }

  /** What is genuine without its revocation list, say, is refused by policy. */
  private Verification<VerifiedEvidence> judged(
      VerifiedEvidence evidence, Verification<VerifiedEvidence> verified) {
    PlatformPolicy policy =
        context.agreement().environment().platform(evidence.evidence().kind()).orElseThrow();
    return PlatformCheck.ofEnclave(policy, PolicySource.AGREEMENT)
        .compareAll(evidence.platform().orElseThrow())
        .stream()
        .filter(each -> each.outcome() != Comparison.Outcome.HOLDS)
        .findFirst()
        .<Verification<VerifiedEvidence>>map(each ->
            new Verification.Bad<>(
                each.reason(), each.claim(), each.advice(), each.expected(), each.seen()))
        .orElse(verified);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyChangeOfADocumentIsRefused(String kind) {
    EvidenceVerifiers verifiers = verifiers(FakeAuthority.NOW);
    Evidence good = good(kind);
    assertThat(genuine(verify(verifiers, good)).platform()).isPresent();
    Mutations.allRefused(
        good.document(),
        document -> verify(verifiers, new Evidence(kind, good.claims(), document)));
    assertThat(genuine(verify(verifiers, good)).platform()).isPresent();
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void everyChangeOfTheClaimsIsRefused(String kind) {
    EvidenceVerifiers verifiers = verifiers(FakeAuthority.NOW);
    Evidence good = good(kind);
    Mutations.allRefused(
        good.claims(), claims -> verify(verifiers, new Evidence(kind, claims, good.document())));
  }

  @ParameterizedTest
  @ValueSource(strings = {"sev-snp", "tdx", "nitro"})
  void nothingOfAVendorsHoldsIn2060(String kind) {
    Evidence good = good(kind);
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        verify(verifiers(Instant.parse("2060-01-01T00:00:00Z")), good));
    bad(
        Reason.EVIDENCE_CERTIFICATE_EXPIRED,
        verify(verifiers(Instant.parse("2020-01-01T00:00:00Z")), good));
  }

  /** What was found good stays good for its time only. */
  @ParameterizedTest
  @ValueSource(strings = {"sev-snp", "tdx", "nitro"})
  void aRememberedChainExpiresToo(String kind) {
    KnownSignatures known = new KnownSignatures(100);
    Instant[] now = {FakeAuthority.NOW};
    EvidenceVerifiers verifiers =
        new EvidenceVerifiers(
            new HashSet<>(HardwareWorld.KINDS),
            CollateralSource.NONE,
            credentials,
            known,
            () -> now[0]);
    Evidence good = good(kind);
    assertThat(genuine(verify(verifiers, good)).platform()).isPresent();
    now[0] = Instant.parse("2060-01-01T00:00:00Z");
    bad(Reason.EVIDENCE_CERTIFICATE_EXPIRED, verify(verifiers, good));
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void aDocumentOfAnotherKindIsRefused(String kind) {
    EvidenceVerifiers verifiers = verifiers(FakeAuthority.NOW);
    for (String other : HardwareWorld.KINDS) {
      if (!other.equals(kind)) {
        Evidence good = good(other);
        assertThat(verify(verifiers, new Evidence(kind, good.claims(), good.document())))
            .isInstanceOf(Verification.Bad.class);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void anotherEnclavesDocumentIsRefused(String kind) {
    EvidenceVerifiers verifiers = verifiers(FakeAuthority.NOW);
    FakeEnclave other = world.enclave(INSURER);
    Evidence mine = good(kind);
    Evidence others =
        other.evidence(
            ByteString.copyFrom(new byte[32]), kind, statement -> document(kind, statement));
    bad(
        Reason.EVIDENCE_REPORT_DATA_WRONG,
        verify(verifiers, new Evidence(kind, mine.claims(), others.document())));
  }
}
