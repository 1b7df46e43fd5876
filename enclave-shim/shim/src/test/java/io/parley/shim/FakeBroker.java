package io.parley.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.Gate;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.SimulatedEvidence;
import io.parley.gate.GateDigests;
import io.parley.gate.GateFindings;
import io.parley.gate.GateOrder;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateTask;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.VerificationSet;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.CreateChallengeResponse;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.seal.Binding;
import io.parley.seal.Bindings;
import io.parley.seal.GateBindings;
import io.parley.seal.Hpke;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.SealedBytes;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A broker with real keys, seals and signatures, for one job. It judges little: that is the real
 * broker's part. What it answers can be bent.
 */
class FakeBroker {
  final TestWorld world;
  final SignedAgreement signed;
  final JobSpec spec;
  final Map<String, Secret> dataKeys = new ConcurrentHashMap<>();
  final Map<String, Claims> judged = new ConcurrentHashMap<>();
  final FakeAnswers answers;
  final AtomicInteger challenges = new AtomicInteger();
  volatile UnaryOperator<Grant.Builder> bendGrant = grant -> grant;
  volatile UnaryOperator<RequestKeysResponse.Builder> bendResponse = response -> response;
  volatile UnaryOperator<Receipt.Builder> bendReceipt = receipt -> receipt;
  volatile boolean judgesApps = true;
  volatile int timesAway;
  volatile int timesForgetful;
  volatile SigningKey key;

  /** What is ordered before keys are granted, where there is any. */
  volatile @Nullable SignedVerificationSet gate;

  /** The same for gates before steps, one after the other. */
  volatile List<SignedVerificationSet> stepGates = List.of();

  volatile UnaryOperator<GateOrder> bendOrder = order -> order;
  final HpkeKeyPair gateKey;
  final ByteString draw;
  final List<GateOutcome> outcomes = new CopyOnWriteArrayList<>();
  private final Set<ByteString> nonces = new HashSet<>();

  FakeBroker(TestWorld world, SignedAgreement signed, JobSpec spec) {
    this.world = world;
    this.signed = signed;
    this.spec = spec;
    this.key = world.broker;
    this.answers = new FakeAnswers(world.broker);
    this.gateKey = HpkeKeyPair.generate(HpkeSuite.XWING, world.random);
    this.draw = world.salt();
    signed
        .agreement()
        .datasets()
        .forEach(d -> dataKeys.put(d.name(), Secret.random(32, world.random)));
  }

  synchronized ByteString createChallenge() {
    challenges.incrementAndGet();
    if (timesAway > 0) {
      timesAway--;
      throw new EnvironmentException(Reason.BROKER_UNAVAILABLE, "the broker is away");
    }
    byte[] nonce = new byte[32];
    world.random.nextBytes(nonce);
    nonces.add(ByteString.copyFrom(nonce));
    return CreateChallengeResponse.newBuilder()
        .setNonce(ByteString.copyFrom(nonce))
        .build()
        .toByteString();
  }

  synchronized ByteString requestKeys(ByteString request) throws InvalidProtocolBufferException {
    Evidence evidence = Evidence.fromMessage(RequestKeysRequest.parseFrom(request).getEvidence());
    Claims claims = Claims.parse(evidence.claims());
    if (timesForgetful > 0) {
      timesForgetful--;
      nonces.clear();
    }
    if (!nonces.remove(claims.nonce())) {
      throw new RefusedException(Reason.CHALLENGE_UNKNOWN, "no such challenge");
    }
    judge(evidence, claims);
    judged.put(claims.party(), claims);
    SignedVerificationSet one = gate;
    List<SignedVerificationSet> sets = one == null ? stepGates : List.of(one);
    if (!sets.isEmpty() && agreement().computes(claims.party())) {
      outcomes.clear();
      outcomes.addAll(claims.gates());
      if (claims.gates().stream().anyMatch(o -> o.verdict() != GateVerdict.PASSED)) {
        throw new RefusedException(Reason.GATE_FAILED, "the app did not pass");
      }
      for (SignedVerificationSet set : sets) {
        Gate wanted = VerificationSet.parse(set.set()).gate();
        if (claims.gates().stream().noneMatch(outcome -> outcome.gate().equals(wanted))) {
          return gateFirst(set, wanted, evidence, claims);
        }
      }
    }
    ByteString grant = bendGrant.apply(grant(evidence, claims)).build().toByteString();
    return bendResponse
        .apply(
            RequestKeysResponse.newBuilder()
                .setGrant(grant)
                .setSignature(key.sign("parley/v1/grant", grant))
                .setBrokerKey(key.verifyingKey().value()))
        .build()
        .toByteString();
  }

  private Agreement agreement() {
    return signed.agreement();
  }

  private ByteString gateFirst(
      SignedVerificationSet set, Gate wanted, Evidence evidence, Claims claims) {
    SealedBytes task =
        SealedBytes.seal(
            claims.receiveKey(),
            GateBindings.task(
                claims.agreement(),
                claims.job(),
                evidence.digest(),
                claims.party(),
                wanted.owner(),
                wanted.step(),
                claims.receiveKey()),
            new GateTask(set, draw, gateKey.publicKey()).encode());
    ByteString order =
        bendOrder
            .apply(
                new GateOrder(
                    claims.jobId(),
                    claims.party(),
                    claims.agreement(),
                    claims.job(),
                    evidence.digest(),
                    wanted,
                    set.digest(),
                    task))
            .encode();
    return bendResponse
        .apply(
            RequestKeysResponse.newBuilder()
                .setGateOrder(order)
                .setSignature(key.sign(GateOrder.LABEL, order))
                .setBrokerKey(key.verifyingKey().value()))
        .build()
        .toByteString();
  }

  /** What the enclave told about its gate. */
  GateFindings findings() {
    return findings(outcomes.getFirst());
  }

  GateFindings findings(GateOutcome outcome) {
    Digest drawn = GateDigests.draw(draw);
    return GateFindings.parse(
        outcome
            .findings()
            .open(
                gateKey,
                GateBindings.findings(signed.digest(), job(), drawn, gateKey.publicKey())));
  }

  private void judge(Evidence evidence, Claims claims) {
    SimulatedEvidence document = SimulatedEvidence.parse(evidence.document());
    VerifyingKey platform = signed.agreement().party(claims.party()).simulatedPlatformKey();
    if (!document.isSignedBy(platform::verify)
        || !document.reportData().equals(evidence.reportData())) {
      throw new RefusedException(Reason.EVIDENCE_SIGNATURE_WRONG, "not the platform's");
    }
    Agreement agreement = signed.agreement();
    boolean expectsApp = agreement.computes(claims.party());
    if (judgesApps && expectsApp != agreement.app().equals(claims.app())) {
      throw new RefusedException(Reason.EVIDENCE_APP_WRONG, "another app: " + claims.app());
    }
  }

  Grant.Builder grant(Evidence evidence, Claims claims) {
    Bindings.Grant bindings =
        new Bindings.Grant(
            claims.agreement(),
            claims.job(),
            evidence.digest(),
            claims.party(),
            claims.receiveKey());
    Grant.Builder grant =
        Grant.newBuilder()
            .setJobId(claims.jobId())
            .setParty(claims.party())
            .setAgreementSha256(claims.agreement().value())
            .setJobSha256(claims.job().value())
            .setEvidenceSha256(evidence.digest().value());
    for (String dataset : signed.agreement().keysFor(claims.party())) {
      grant.addKeys(
          GrantedKey.newBuilder()
              .setDataset(dataset)
              .setEpoch(1)
              .setKey(
                  seal(claims, bindings.dataset(dataset, 1), TestWorld.value(dataKeys, dataset))));
    }
    Secret job = Secret.random(32, world.random);
    grant.addKeys(
        GrantedKey.newBuilder()
            .setJobChannels(true)
            .setEpoch(1)
            .setKey(seal(claims, bindings.jobChannels(1), job)));
    return grant;
  }

  private static io.parley.proto.enclave.v1.SealedKey seal(
      Claims claims, Binding binding, Secret secret) {
    return Hpke.seal(claims.party(), claims.receiveKey(), binding, secret).toMessage();
  }

  ByteString finishJob(ByteString request) throws InvalidProtocolBufferException {
    FinishJobRequest finish = FinishJobRequest.parseFrom(request);
    JobReport report = JobReport.parseFrom(finish.getReport());
    VerifyingKey enclave =
        new VerifyingKey(TestWorld.value(judged, report.getParty()).signingKey());
    if (!enclave.verify("parley/v1/job-report", finish.getReport(), finish.getSignature())) {
      throw new RefusedException(Reason.INVALID_SIGNATURE, "not the enclave's report");
    }
    Receipt.Builder receipt =
        Receipt.newBuilder()
            .setJobId(report.getJobId())
            .setAgreementSha256(signed.digest().value())
            .setJobSha256(report.getJobSha256())
            .setComputedAt(report.getParty())
            .addAllInputs(report.getInputsList())
            .addAllOutputs(report.getOutputsList());
    ByteString payload = bendReceipt.apply(receipt).build().toByteString();
    DsseEnvelope envelope =
        new DsseEnvelope(
            Dsse.RECEIPT_TYPE,
            payload,
            List.of(Dsse.sign(Dsse.RECEIPT_TYPE, payload, "broker", key)));
    return FinishJobResponse.newBuilder().setReceipt(envelope.toProto()).build().toByteString();
  }

  Digest job() {
    return Digest.of(spec.encode());
  }
}
