package io.parley.broker;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Agreement;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.gate.GateOutcome;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.seal.Binding;
import io.parley.seal.Bindings;
import io.parley.seal.Hpke;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.SealedKey;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * An enclave as the broker sees one: makes right evidence for an agreement, opens what it is
 * granted, signs reports. Every claim can be made wrong by its {@code with} method, which returns
 * another enclave with the same keys.
 */
public final class FakeEnclave {
  private static final SecureRandom RANDOM = new SecureRandom();

  private final HpkeKeyPair receiveKey;
  private final SigningKey signingKey;
  private final Facts facts;
  private final List<GateOutcome> gates;

  private FakeEnclave(
      HpkeKeyPair receiveKey, SigningKey signingKey, Facts facts, List<GateOutcome> gates) {
    this.receiveKey = receiveKey;
    this.signingKey = signingKey;
    this.facts = facts;
    this.gates = gates;
  }

  /** Everything that evidence says, but nonce and keys. */
  public record Facts(
      Digest agreement,
      String party,
      String jobId,
      Digest job,
      @Nullable Digest app,
      SortedMap<String, String> tests,
      Digest shim,
      String isolation,
      SigningKey platformKey,
      String kind,
      @Nullable ByteString signingKey) {}

  /** An enclave that is just as the agreement wants it. */
  public static FakeEnclave right(
      SignedAgreement signed, String party, String jobId, Digest job, SigningKey platformKey) {
    Agreement agreement = signed.agreement();
    return new FakeEnclave(
        HpkeKeyPair.generate(agreement.environment().hpke(), RANDOM),
        SigningKey.generate(RANDOM),
        new Facts(
            signed.digest(),
            party,
            jobId,
            job,
            agreement.computes(party) ? agreement.app() : null,
            new TreeMap<>(agreement.environment().tests()),
            agreement.environment().shim().getFirst(),
            agreement.environment().isolation().getFirst(),
            platformKey,
            Evidence.SIMULATED,
            null),
        List.of());
  }

  /** The facts, to change some. */
  public Facts facts() {
    return facts;
  }

  /** The same keys, other facts. */
  public FakeEnclave with(Facts changed) {
    return new FakeEnclave(receiveKey, signingKey, changed, gates);
  }

  /** The same facts, a fresh receive key of this suite. */
  public FakeEnclave receivingWith(HpkeSuite suite) {
    return new FakeEnclave(HpkeKeyPair.generate(suite, RANDOM), signingKey, facts, gates);
  }

  /** The same enclave, which claims to have been through these gates. */
  public FakeEnclave through(GateOutcome... outcomes) {
    return new FakeEnclave(receiveKey, signingKey, facts, List.of(outcomes));
  }

  /** The key that keys and gate tasks are sealed to. */
  public HpkeKeyPair receiveKey() {
    return receiveKey;
  }

  /** The claims over a challenge. */
  public Claims claims(ByteString nonce) {
    return new Claims(
        nonce,
        receiveKey.publicKey(),
        facts.signingKey() == null ? signingKey.verifyingKey().value() : facts.signingKey(),
        facts.agreement(),
        facts.party(),
        facts.jobId(),
        facts.job(),
        facts.app(),
        facts.tests(),
        gates);
  }

  /** Evidence over a challenge. */
  public Evidence evidence(ByteString nonce) {
    ByteString claims = claims(nonce).encode();
    return new Evidence(facts.kind(), claims, document(ReportData.of(claims)));
  }

  /** Evidence of another kind, whose platform vouches for what was launched. */
  public Evidence evidence(
      ByteString nonce, String kind, Function<LaunchStatement, ByteString> platform) {
    ByteString claims = claims(nonce).encode();
    return new Evidence(
        kind,
        claims,
        platform.apply(
            new LaunchStatement(ReportData.of(claims), facts.shim(), facts.isolation())));
  }

  /** A document of this enclave's platform over any report data. */
  public ByteString document(ReportData reportData) {
    return SimulatedEvidence.sign(
        facts.platformKey()::sign, reportData, facts.shim(), facts.isolation());
  }

  /** The request for keys. */
  public RequestKeysRequest request(ByteString nonce) {
    return RequestKeysRequest.newBuilder().setEvidence(evidence(nonce).toMessage()).build();
  }

  /**
   * Checks the answer as a shim would, and opens its keys: by dataset, the job's under "".
   *
   * @throws io.parley.wire.RefusedException when a key was not sealed for this enclave, evidence,
   *     job, dataset
   */
  public Map<String, Secret> open(Evidence evidence, RequestKeysResponse response)
      throws InvalidProtocolBufferException {
    VerifyingKey broker = new VerifyingKey(response.getBrokerKey());
    if (!broker.verify("parley/v1/grant", response.getGrant(), response.getSignature())) {
      throw new AssertionError("the grant is not signed by the broker");
    }
    Grant grant = Grant.parseFrom(response.getGrant());
    Bindings.Grant binding =
        new Bindings.Grant(
            facts.agreement(),
            facts.job(),
            evidence.digest(),
            facts.party(),
            receiveKey.publicKey());
    Map<String, Secret> keys = new TreeMap<>();
    for (GrantedKey granted : grant.getKeysList()) {
      Binding bound =
          granted.getJobChannels()
              ? binding.jobChannels(granted.getEpoch())
              : binding.dataset(granted.getDataset(), granted.getEpoch());
      keys.put(
          granted.getDataset(),
          Hpke.open(receiveKey, bound, SealedKey.fromMessage(granted.getKey())));
    }
    return keys;
  }

  /** A report signed by this enclave. */
  public FinishJobRequest finish(JobReport report) {
    ByteString bytes = report.toByteString();
    return FinishJobRequest.newBuilder()
        .setReport(bytes)
        .setSignature(signingKey.sign("parley/v1/job-report", bytes))
        .build();
  }

  /** Its signature over anything. */
  public ByteString sign(String label, ByteString bytes) {
    return signingKey.sign(label, bytes);
  }

  /** The public half of the key that it signs with. */
  public VerifyingKey verifyingKey() {
    return signingKey.verifyingKey();
  }
}
