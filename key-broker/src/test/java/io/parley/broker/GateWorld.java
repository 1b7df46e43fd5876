package io.parley.broker;

import static io.parley.broker.TestConsortium.APP;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.agreement.Gate;
import io.parley.agreement.GateRule;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Evidence;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateDigests;
import io.parley.gate.GateFindings;
import io.parley.gate.GateLimits;
import io.parley.gate.GateOrder;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateScope;
import io.parley.gate.GateTask;
import io.parley.gate.GateVerdict;
import io.parley.gate.SignedGateKey;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.identity.Role;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.AddVerificationSetRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.GateServiceGrpc;
import io.parley.proto.broker.v1.GetGateKeyRequest;
import io.parley.proto.broker.v1.GetGateKeyResponse;
import io.parley.proto.broker.v1.ListVerificationSetsRequest;
import io.parley.proto.broker.v1.ListVerificationSetsResponse;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.seal.GateBindings;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/** An agreement with gates, owners that register sets, and enclaves that run them, or say so. */
final class GateWorld {
  /** What no file of the broker's may hold. */
  static final String ROWS = "rows that the hospital made up";

  private static final SecureRandom RANDOM = new SecureRandom();

  final TestBroker broker;
  final SignedAgreement signed;

  /** With a gate before the datasets of these owners, computed at the insurer. */
  GateWorld(TestBroker broker, String... owners) {
    this(broker, List.of(INSURER), owners);
  }

  GateWorld(TestBroker broker, List<String> compute, String... owners) {
    this(
        broker,
        gated(
            broker
                .consortium()
                .agreement("wards", 50, broker.time().instant().plus(Duration.ofDays(30)), compute),
            owners));
  }

  /** With an agreement that gets activated. */
  GateWorld(TestBroker broker, Agreement agreement) {
    this.broker = broker;
    this.signed = broker.activate(agreement);
  }

  /** The same with a gate before the datasets of these owners. */
  static Agreement gated(Agreement plain, String... owners) {
    Set<String> gated = Set.of(owners);
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        plain.app(),
        plain.datasets().stream()
            .map(d ->
                new Dataset(
                    d.name(),
                    d.owner(),
                    d.columns(),
                    d.releasedTo(),
                    gated.contains(d.owner()) ? GateRule.REQUIRED : GateRule.NONE))
            .toList(),
        plain.compute(),
        plain.results(),
        plain.environment(),
        plain.terms(),
        plain.parameters(),
        plain.brokerEvidence(),
        plain.queries(),
        plain.chain());
  }

  GateServiceGrpc.GateServiceBlockingStub gates(String party, Role role) {
    return GateServiceGrpc.newBlockingStub(broker.channel(party, role))
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  HpkePublicKey gateKey(String party) {
    GetGateKeyResponse answer =
        gates(party, Role.OPERATOR).getGateKey(GetGateKeyRequest.getDefaultInstance());
    return new SignedGateKey(answer.getKey(), answer.getSignature(), answer.getBrokerKey())
        .open(signed.agreement().broker());
  }

  VerificationSet set(String owner, String name) {
    return set(signed.digest(), owner, name, GateAllowance.DEFAULT);
  }

  VerificationSet set(Digest agreement, String owner, String name, GateAllowance allowance) {
    return set(
        agreement, Gate.ofApp(owner), name, allowance, GateLimits.CERTIFY_DAYS_DEFAULT, Map.of());
  }

  VerificationSet set(Gate gate, String name, int certifyDays, Map<String, String> parameters) {
    return set(signed.digest(), gate, name, GateAllowance.DEFAULT, certifyDays, parameters);
  }

  private VerificationSet set(
      Digest agreement,
      Gate gate,
      String name,
      GateAllowance allowance,
      int certifyDays,
      Map<String, String> parameters) {
    byte[] salt = new byte[32];
    RANDOM.nextBytes(salt);
    GateScope scope = GateScope.of(signed.agreement(), gate);
    return new VerificationSet(
        agreement,
        gate.owner(),
        name,
        gate.step(),
        scope.app(),
        new TreeMap<>(parameters),
        scope.inputs().keySet().stream()
            .map(input -> new VerificationTable(input, 1, ByteString.copyFromUtf8(ROWS)))
            .toList(),
        scope.outputs().stream()
            .map(result ->
                new ExpectedResult(
                    result,
                    false,
                    false,
                    List.of(ExpectedColumn.of("n", Tolerance.EXACT, List.of("1"))),
                    1))
            .toList(),
        allowance,
        certifyDays,
        ByteString.copyFrom(salt));
  }

  SignedVerificationSet sign(VerificationSet set, String signer) {
    return SignedVerificationSet.sign(set, broker.consortium().party(signer).signingKey());
  }

  AddVerificationSetRequest request(SignedVerificationSet set, String owner) {
    return AddVerificationSetRequest.newBuilder()
        .setAgreementSha256(signed.digest().value())
        .setSealed(set.seal(gateKey(owner), signed.digest(), owner).toMessage())
        .build();
  }

  StoredVerificationSet add(String owner, VerificationSet set) {
    return gates(owner, Role.OPERATOR)
        .addVerificationSet(request(sign(set, owner), owner))
        .getSet();
  }

  StoredVerificationSet add(String owner, String name) {
    return add(owner, set(owner, name));
  }

  List<StoredVerificationSet> list(String party) {
    return listed(party).getSetsList();
  }

  ListVerificationSetsResponse listed(String party) {
    return gates(party, Role.ANALYST)
        .listVerificationSets(
            ListVerificationSetsRequest.newBuilder()
                .setAgreementSha256(signed.digest().value())
                .build());
  }

  /** An answer of the broker's and the evidence that it is for. */
  record Asked(Evidence evidence, RequestKeysResponse response) {
    GateOrder order() {
      return GateOrder.parse(response.getGateOrder());
    }
  }

  Asked ask(FakeEnclave enclave, CreateJobRequest job, String party) {
    Evidence evidence = enclave.evidence(broker.challenge(job, party));
    return new Asked(
        evidence,
        broker
            .keys(party)
            .requestKeys(
                RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build()));
  }

  /** As an enclave opens it. */
  GateTask open(FakeEnclave enclave, CreateJobRequest job, Asked asked) {
    VerifyingKey key = new VerifyingKey(asked.response().getBrokerKey());
    if (!key.verify(
        GateOrder.LABEL, asked.response().getGateOrder(), asked.response().getSignature())) {
      throw new AssertionError("the order is not signed by the broker");
    }
    GateOrder order = asked.order();
    return GateTask.parse(
        order
            .task()
            .open(
                enclave.receiveKey(),
                GateBindings.task(
                    signed.digest(),
                    new Digest(job.getJobSha256()),
                    asked.evidence().digest(),
                    order.party(),
                    order.gate().owner(),
                    order.gate().step(),
                    enclave.receiveKey().publicKey())));
  }

  static final GateFindings QUIET = new GateFindings(List.of(), Duration.ofMillis(5), 1000, 0);

  GateOutcome outcome(CreateJobRequest job, GateTask task, GateVerdict verdict) {
    return outcome(job, task, verdict, QUIET);
  }

  GateOutcome outcome(
      CreateJobRequest job, GateTask task, GateVerdict verdict, GateFindings findings) {
    VerificationSet set = VerificationSet.parse(task.set().set());
    return new GateOutcome(
        set.gate(),
        set.digest(),
        GateDigests.draw(task.draw()),
        GateDigests.expectation(task.draw(), set),
        GateDigests.result(task.draw(), Arrays.asList(APP)),
        verdict,
        SealedBytes.seal(
            task.brokerKey(),
            GateBindings.findings(
                signed.digest(),
                new Digest(job.getJobSha256()),
                GateDigests.draw(task.draw()),
                task.brokerKey()),
            findings.encode()));
  }

  /** Asks, runs, and says how it went. */
  FakeEnclave through(FakeEnclave enclave, CreateJobRequest job, GateVerdict verdict) {
    Asked asked = ask(enclave, job, INSURER);
    return enclave.through(outcome(job, open(enclave, job, asked), verdict));
  }

  static String other(String party) {
    return party.equals(HOSPITAL) ? INSURER : HOSPITAL;
  }
}
