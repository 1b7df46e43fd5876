package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.gates.Certificate;
import io.parley.broker.gates.GateRows;
import io.parley.broker.jobs.JobRows;
import io.parley.broker.jobs.JobRows.StoredEnclave;
import io.parley.broker.jobs.StoredJob;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.DataKeys.KeyWithKek;
import io.parley.broker.keys.Epochs;
import io.parley.broker.keys.KeyName;
import io.parley.broker.keys.KeyName.Purpose;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.policy.JobContext;
import io.parley.broker.policy.Judgement;
import io.parley.broker.store.Store;
import io.parley.evidence.Claims;
import io.parley.gate.GateOrder;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.Grant;
import io.parley.proto.broker.v1.GrantedKey;
import io.parley.seal.Binding;
import io.parley.seal.Bindings;
import io.parley.seal.Hpke;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Collectors;
import org.jdbi.v3.core.Handle;

/**
 * Seals the keys that an approved enclave needs to that enclave's own key.
 *
 * <p>Guarantee: per job and party one enclave only. The first that keys are released to is the one;
 * it may ask again, a second one is refused, so a counted job computes once. Thread-safe.
 */
public final class Grants {
  private static final Comparator<KeyWithKek> IN_ORDER =
      Comparator.comparing((KeyWithKek key) -> key.name().purpose())
          .thenComparing(key -> key.name().name());

  private final Store store;
  private final AuditLog log;
  private final DataKeys keys;
  private final SigningKey brokerKey;
  private final StorageLimits limits;
  private final InstantSource clock;

  public Grants(
      Store store,
      AuditLog log,
      DataKeys keys,
      SigningKey brokerKey,
      StorageLimits limits,
      InstantSource clock) {
    this.store = store;
    this.log = log;
    this.keys = keys;
    this.brokerKey = brokerKey;
    this.limits = limits;
    this.clock = clock;
  }

  /**
   * Seals, signs and records.
   *
   * @param certified gates that need not be passed
   * @throws RefusedException AGREEMENT_HALTED and its like, KEY_REVOKED, KEY_RETIRED,
   *     JOB_NOT_RUNNING when the job's receipts exist, TOO_MANY, EVIDENCE_KEY_WRONG for a second
   *     enclave or a key that nothing can be sealed to
   * @throws io.parley.wire.EnvironmentException BROKER_UNAVAILABLE when a certificate ended
   *     meanwhile
   */
  SignedGrant grant(Judgement.Approved approved, SortedMap<Gate, Certificate> certified) {
    Digest evidence = Digest.of(approved.evidence().evidence().encode());
    ByteString grant = seal(approved, certified, evidence).toByteString();
    SignedGrant signed =
        new SignedGrant(grant, brokerKey.sign(SignedGrant.LABEL, grant), brokerKey.verifyingKey());
    store.write(write -> {
      commit(write, approved, certified, evidence);
      return signed;
    });
    return signed;
  }

  /** An order for a gate, signed; the draw that it is of is on disk. */
  SignedGateOrder sign(GateOrder order) {
    ByteString bytes = order.encode();
    return new SignedGateOrder(
        bytes, brokerKey.sign(GateOrder.LABEL, bytes), brokerKey.verifyingKey());
  }

  private Grant seal(
      Judgement.Approved approved, SortedMap<Gate, Certificate> certified, Digest evidence) {
    JobContext context = approved.context();
    Claims claims = approved.evidence().claims();
    Bindings.Grant binding =
        new Bindings.Grant(
            context.job().agreement(),
            context.job().digest(),
            evidence,
            claims.party(),
            claims.receiveKey());
    return Grant.newBuilder()
        .setJobId(context.job().jobId())
        .setParty(claims.party())
        .setAgreementSha256(context.job().agreement().value())
        .setJobSha256(context.job().digest().value())
        .setEvidenceSha256(evidence.value())
        .addAllKeys(sealAll(context, claims, binding))
        .addAllCertified(
            certified.entrySet().stream()
                .map(step -> certified(step.getKey(), step.getValue()))
                .toList())
        .build();
  }

  private static io.parley.proto.broker.v1.CertifiedStep certified(
      Gate gate, Certificate certificate) {
    return io.parley.proto.broker.v1.CertifiedStep.newBuilder()
        .setOwner(gate.owner())
        .setStep(gate.step())
        .setIdentitySha256(certificate.identity().value())
        .build();
  }

  private List<GrantedKey> sealAll(JobContext context, Claims claims, Bindings.Grant binding) {
    return stored(context, claims.party()).stream().map(key -> seal(key, claims, binding)).toList();
  }

  /**
   * What the party's enclave is to get, as one state of the database has it. Whether the agreement
   * is still active is for {@link #commit}, without which none of it is given away.
   */
  private List<KeyWithKek> stored(JobContext context, String party) {
    StoredJob job = context.job();
    Set<String> datasets = context.agreement().keysFor(party);
    List<KeyWithKek> stored =
        store
            .readOne(read -> DataKeys.ofJob(read, job.agreement(), job.jobId(), job.ordinal()))
            .stream()
            .filter(
                key -> key.name().purpose() == Purpose.JOB || datasets.contains(key.name().name()))
            .sorted(IN_ORDER)
            .toList();
    if (stored.size() != datasets.size() + 1) {
      throw store.read(read -> missing(read, context, party));
    }
    return stored;
  }

  /** A key that is gone went with its agreement or with its epoch: these say how. */
  private BugException missing(Handle read, JobContext context, String party) {
    AgreementRows.require(read, context.job().agreement()).requireActive(clock.instant());
    SortedMap<String, Integer> epochs = epochs(read, context, party);
    return new BugException(
        "job %s does not have all keys of %s and its own"
            .formatted(context.job().jobId(), epochs.keySet()));
  }

  private static SortedMap<String, Integer> epochs(
      Handle handle, JobContext context, String party) {
    StoredJob job = context.job();
    return Epochs.ofJob(handle, job.agreement(), context.agreement().keysFor(party), job.ordinal());
  }

  private GrantedKey seal(KeyWithKek stored, Claims claims, Bindings.Grant binding) {
    KeyName name = stored.name();
    GrantedKey.Builder granted = GrantedKey.newBuilder().setEpoch(name.epoch());
    Binding bound =
        switch (name.purpose()) {
          case DATASET -> {
            granted.setDataset(name.name());
            yield binding.dataset(name.name(), name.epoch());
          }
          case JOB -> {
            granted.setJobChannels(true);
            yield binding.jobChannels(name.epoch());
          }
        };
    try (Secret key = keys.open(stored)) {
      return granted
          .setKey(Hpke.seal(claims.party(), claims.receiveKey(), bound, key).toMessage())
          .build();
    } catch (RefusedException e) {
      throw new RefusedException(
          Reason.EVIDENCE_KEY_WRONG,
          "nothing can be sealed to the receive key in this evidence: " + e.getMessage(),
          Map.of("claim", "receive_key", "party", claims.party()),
          e);
    }
  }

  private void commit(
      Handle write,
      Judgement.Approved approved,
      SortedMap<Gate, Certificate> certified,
      Digest evidence) {
    JobContext context = approved.context();
    Claims claims = approved.evidence().claims();
    String jobId = context.job().jobId();
    StoredAgreement now = AgreementRows.require(write, context.job().agreement());
    now.requireActive(clock.instant());
    requireUnfinished(write, jobId, now);
    GateRows.requirePassed(
        write, jobId, claims.party(), now.agreement(), certified.keySet(), clock);
    SortedMap<String, Integer> epochs = epochs(write, context, claims.party());
    StoredEnclave enclave =
        new StoredEnclave(
            claims.party(),
            encode(claims.receiveKey()),
            claims.signingKey(),
            approved.evidence().evidence().kind(),
            approved.evidence().emulator(),
            evidence);
    if (askedBefore(write, jobId, enclave)) {
      // First grants are as many as the agreement has jobs; this one is not.
      limits.requireRoomInRecord(now.agreement().party(claims.party()));
    } else {
      certified.forEach((gate, certificate) ->
          log.append(write, spared(claims, now.digest(), gate, certificate)));
    }
    JobRows.putEnclave(write, jobId, enclave, clock.instant());
    log.append(
        write,
        Decision.about(
                Action.GRANT,
                claims.party(),
                now.digest(),
                jobId,
                kind(enclave)
                    + " evidence "
                    + evidence
                    + "; keys of "
                    + said(epochs)
                    + " and of the job's channels")
            .on(evidence));
  }

  private static String said(SortedMap<String, Integer> epochs) {
    return epochs.entrySet().stream()
        .map(epoch -> epoch.getKey() + " (epoch " + epoch.getValue() + ")")
        .collect(Collectors.joining(", "));
  }

  /** Never just "tpm2" for a TPM that is emulated: it must not be taken for hardware. */
  private static String kind(StoredEnclave enclave) {
    return enclave.emulator().isEmpty()
        ? enclave.evidenceKind()
        : "%s (emulation: %s)".formatted(enclave.evidenceKind(), enclave.emulator());
  }

  private static void requireUnfinished(Handle write, String jobId, StoredAgreement agreement) {
    if (JobRows.receipts(write, jobId).size() >= agreement.agreement().compute().size()) {
      throw new RefusedException(
          Reason.JOB_NOT_RUNNING,
          "job %s is finished, its receipt exists; start a new job".formatted(jobId),
          Map.of("job", jobId));
    }
  }

  private static Decision spared(
      Claims claims, Digest agreement, Gate gate, Certificate certificate) {
    return Decision.about(
            Action.GATE,
            claims.party(),
            agreement,
            claims.jobId(),
            "the verification gate %s is spared: the step passed it in job %s and is certified until %s"
                .formatted(gate.text(), certificate.jobId(), certificate.expiresAt()))
        .on(certificate.identity());
  }

  private static boolean askedBefore(Handle write, String jobId, StoredEnclave enclave) {
    List<StoredEnclave> sameParty =
        JobRows.enclaves(write, jobId).stream()
            .filter(before -> before.party().equals(enclave.party()))
            .toList();
    boolean another =
        sameParty.stream()
            .anyMatch(before ->
                !before.receiveKey().equals(enclave.receiveKey())
                    || !before.signingKey().equals(enclave.signingKey()));
    if (another) {
      throw new RefusedException(
          Reason.EVIDENCE_KEY_WRONG,
          ("job %s has had its enclave at %s already, this is another one; a counted job runs once,"
                  + " start a new job")
              .formatted(jobId, enclave.party()),
          Map.of("claim", "receive_key", "party", enclave.party(), "job", jobId));
    }
    return !sameParty.isEmpty();
  }

  private static ByteString encode(HpkePublicKey key) {
    return key.toMessage().toByteString();
  }
}
