package io.parley.broker.release;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.jobs.JobEnclaves;
import io.parley.broker.jobs.JobRows;
import io.parley.broker.jobs.JobRows.StoredEnclave;
import io.parley.broker.jobs.JobRows.StoredReceipt;
import io.parley.broker.jobs.StoredJob;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.log.LogReader;
import io.parley.broker.store.Store;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.EnclaveRecord;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.Receipt;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Receipts: the broker's signature under what an enclave reported, together with what the broker
 * itself saw of the job's enclaves.
 *
 * <p>Guarantee: a receipt follows only from a report that is signed by the very enclave that keys
 * were released to, one per job and computing party; the same report gives the same receipt again,
 * another is refused. Where several parties compute, each has its own receipt. It is in the log of
 * decisions before it is answered. Thread-safe.
 */
public final class Receipts {
  /** A hint, as DSSE says; whoever checks a receipt takes the key that the agreement names. */
  private static final String KEY_ID = "broker";

  private final Store store;
  private final AuditLog log;
  private final LogReader reader;
  private final SigningKey brokerKey;
  private final InstantSource clock;

  public Receipts(
      Store store, AuditLog log, LogReader reader, SigningKey brokerKey, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.reader = reader;
    this.brokerKey = brokerKey;
    this.clock = clock;
  }

  /**
   * The receipt for this report.
   *
   * @param caller the party that passes it on, which must be the reporting enclave's own
   * @throws RefusedException INVALID_REQUEST, JOB_NOT_FOUND, NOT_YOURS, INVALID_SIGNATURE,
   *     OUTPUT_RULE, ALREADY_EXISTS when the job was reported differently before
   */
  public LoggedReceipt finish(Party caller, ByteString reportBytes, ByteString signature) {
    JobReport report = JobReports.parse(reportBytes);
    if (!report.getParty().equals(caller.name())) {
      throw notYours(
          caller.name(), report.getJobId(), "the report is of %s".formatted(report.getParty()));
    }
    ByteString envelope =
        store.write(
            write -> finish(write, caller, report, Digest.of(reportBytes), reportBytes, signature));
    return logged(envelope, report.getJobId(), report.getParty());
  }

  /**
   * The receipt of a job: the party's own when it computed, else that of the first computing party
   * in the order of their names that has one.
   *
   * @throws RefusedException JOB_NOT_FOUND, NOT_A_PARTY, RECEIPT_NOT_FOUND
   */
  public LoggedReceipt get(Party caller, String jobId) {
    List<StoredReceipt> receipts =
        store.read(read -> {
          StoredJob job = JobRows.require(read, jobId);
          AgreementRows.require(read, job.agreement()).requireParty(caller);
          return JobRows.receipts(read, jobId);
        });
    Comparator<StoredReceipt> ownFirst =
        Comparator.comparing((StoredReceipt receipt) -> !receipt.computedAt().equals(caller.name()))
            .thenComparing(StoredReceipt::computedAt);
    return receipts.stream()
        .min(ownFirst)
        .map(receipt -> logged(receipt.envelope(), jobId, receipt.computedAt()))
        .orElseThrow(() ->
            new RefusedException(
                Reason.RECEIPT_NOT_FOUND,
                "job %s has no receipt; it has not finished, or it failed".formatted(jobId),
                Map.of("job", jobId)));
  }

  private ByteString finish(
      Handle write,
      Party caller,
      JobReport report,
      Digest digest,
      ByteString bytes,
      ByteString signature) {
    StoredJob job = JobRows.require(write, report.getJobId());
    StoredAgreement stored = AgreementRows.require(write, job.agreement());
    Agreement agreement = stored.agreement();
    stored.requireParty(caller);
    if (!agreement.computes(report.getParty())) {
      throw notYours(report.getParty(), job.jobId(), "its enclave does not compute");
    }
    List<StoredEnclave> enclaves = JobRows.enclaves(write, job.jobId());
    JobEnclaves.requireSigned(write, job, report.getParty(), JobReports.LABEL, bytes, signature);
    if (!report.getJobSha256().equals(job.digest().value())) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "job report: job_sha256 is not that of job %s".formatted(job.jobId()),
          Map.of("field", "job_sha256"));
    }
    JobReports.check(report, agreement);
    Optional<StoredReceipt> before = before(write, job, report.getParty());
    if (before.isPresent()) {
      return repeat(before.get(), digest, job);
    }
    ByteString payload = receipt(report, job, stored, enclaves).toByteString();
    ByteString envelope = sign(payload);
    JobRows.insertReceipt(
        write, job.jobId(), new StoredReceipt(report.getParty(), digest, envelope));
    log.append(
        write,
        Decision.about(
                Action.RECEIPT,
                report.getParty(),
                stored.digest(),
                job.jobId(),
                "report %s".formatted(digest))
            .on(Digest.of(payload)));
    return envelope;
  }

  private LoggedReceipt logged(ByteString envelope, String jobId, String computedAt) {
    return new LoggedReceipt(envelope, reader.prove(jobId, computedAt, Action.RECEIPT));
  }

  private static Optional<StoredReceipt> before(Handle write, StoredJob job, String party) {
    return JobRows.receipts(write, job.jobId()).stream()
        .filter(receipt -> receipt.computedAt().equals(party))
        .findFirst();
  }

  private static ByteString repeat(StoredReceipt before, Digest report, StoredJob job) {
    if (!before.report().equals(report)) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "job %s has a receipt for another report of %s"
              .formatted(job.jobId(), before.computedAt()),
          Map.of("job", job.jobId(), "party", before.computedAt()));
    }
    return before.envelope();
  }

  private Receipt receipt(
      JobReport report, StoredJob job, StoredAgreement stored, List<StoredEnclave> enclaves) {
    Instant now = clock.instant();
    return Receipt.newBuilder()
        .setJobId(job.jobId())
        .setAgreementSha256(stored.digest().value())
        .setJobSha256(job.digest().value())
        .setComputedAt(report.getParty())
        .addAllEnclaves(enclaves.stream().map(Receipts::record).toList())
        .addAllInputs(report.getInputsList())
        .addAllOutputs(report.getOutputsList())
        .setFinishedAt(
            Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()))
        .setJobsStarted(stored.jobsStarted())
        .setMaxJobs(stored.agreement().maxJobs())
        .build();
  }

  private static EnclaveRecord record(StoredEnclave enclave) {
    return EnclaveRecord.newBuilder()
        .setParty(enclave.party())
        .setEvidenceKind(enclave.evidenceKind())
        .setEvidenceSha256(enclave.evidence().value())
        .setSigningKey(enclave.signingKey())
        .setEmulator(enclave.emulator())
        .build();
  }

  private ByteString sign(ByteString payload) {
    return new DsseEnvelope(
            Dsse.RECEIPT_TYPE,
            payload,
            List.of(Dsse.sign(Dsse.RECEIPT_TYPE, payload, KEY_ID, brokerKey)))
        .encode();
  }

  private static RefusedException notYours(String party, String jobId, String why) {
    return new RefusedException(
        Reason.NOT_YOURS,
        "%s cannot finish job %s: %s".formatted(party, jobId, why),
        Map.of("party", party, "job", jobId));
  }
}
