package io.parley.broker.answers;

import com.google.protobuf.ByteString;
import io.parley.agreement.Party;
import io.parley.broker.agreements.AgreementRows;
import io.parley.broker.agreements.StoredAgreement;
import io.parley.broker.answers.AnswerRows.Chain;
import io.parley.broker.answers.AnswerRows.End;
import io.parley.broker.answers.AnswerRows.Row;
import io.parley.broker.jobs.JobEnclaves;
import io.parley.broker.jobs.JobRows;
import io.parley.broker.jobs.StoredJob;
import io.parley.broker.keys.Epochs;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decision;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.AnswerGiven;
import io.parley.proto.broker.v1.AnswerOver;
import io.parley.proto.broker.v1.AnswerRecorded;
import io.parley.proto.broker.v1.AnswersAsked;
import io.parley.proto.broker.v1.AnswersHead;
import io.parley.seal.AnswerChain;
import io.parley.seal.AnswerSeal;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import org.jdbi.v3.core.Handle;

/**
 * Keeps the records of answers for the enclaves that make and compare them. The broker cannot read
 * one; what it sees to is that there is one line of them.
 *
 * <p>Guarantee: a record is added behind exactly those that its enclave has read, over all datasets
 * of the answer or none, once per job; it is on disk and in the log of decisions before that is
 * signed. Only enclaves that keys were released to for a job that computes, and that is still
 * allowed, read or add. The same request again is answered alike, after a crash too. Thread-safe.
 */
public final class AnswerRecords {
  private static final int ASKED_BYTES_MAX = 1 << 10;
  private static final int GIVEN_BYTES_MAX = AnswerChain.MAX_PAGE_BYTES + (256 << 10);

  private final Store store;
  private final AuditLog log;
  private final SigningKey brokerKey;
  private final InstantSource clock;

  public AnswerRecords(Store store, AuditLog log, SigningKey brokerKey, InstantSource clock) {
    this.store = store;
    this.log = log;
    this.brokerKey = brokerKey;
    this.clock = clock;
  }

  /** A job whose enclave asks, and the epochs of the datasets that it has keys of. */
  private record Asking(StoredJob job, StoredAgreement stored, SortedMap<String, Integer> epochs) {
    Chain chain(String dataset) {
      Integer epoch = epochs.get(dataset);
      if (epoch == null) {
        throw new RefusedException(
            Reason.NOT_YOURS,
            "no key of dataset '%s' is for this enclave of job %s".formatted(dataset, job.jobId()),
            Map.of("dataset", dataset, "job", job.jobId()));
      }
      return new Chain(stored.digest(), dataset, epoch);
    }
  }

  /**
   * Records after those that the enclave knows, and where they end.
   *
   * @param caller the party that passes it on, which must be the enclave's own
   * @throws RefusedException INVALID_REQUEST, JOB_NOT_FOUND, NOT_A_PARTY, NOT_YOURS,
   *     INVALID_SIGNATURE, or why the job gets no keys any more
   */
  public SignedAnswers read(Party caller, ByteString bytes, ByteString signature) {
    AnswersAsked asked =
        StrictMessages.parse(
            AnswersAsked.parser(), bytes, ASKED_BYTES_MAX, Reason.INVALID_REQUEST, "answers asked");
    if (asked.getNonce().size() != AnswerChain.NONCE_SIZE_BYTES || asked.getAfter() < 0) {
      throw wrong("nonce or after", "is not of the right size");
    }
    return store.read(read -> {
      Asking asking =
          asking(
              read,
              caller,
              asked.getJobId(),
              asked.getParty(),
              AnswerChain.ASKED_LABEL,
              bytes,
              signature);
      Chain chain = asking.chain(asked.getDataset());
      End end = AnswerRows.end(read, chain);
      ByteString head =
          StrictMessages.encode(
              AnswersHead.newBuilder()
                  .setAskedSha256(Digest.of(bytes).value())
                  .setCount(end.count())
                  .setHeadSha256(end.digest().value())
                  .build());
      return new SignedAnswers(
          head,
          brokerKey.sign(AnswerChain.HEAD_LABEL, head),
          AnswerRows.after(read, chain, asked.getAfter(), AnswerChain.MAX_PAGE_BYTES).stream()
              .map(row -> new SignedAnswers.Item(row.jobId(), row.record()))
              .toList());
    });
  }

  /**
   * Adds the records of one answer.
   *
   * @param caller the party that passes it on, which must be the enclave's own
   * @throws RefusedException ANSWERS_MOVED when another answer is in the place, or this job has
   *     one; TOO_MANY when there is no room; else as {@link #read}
   */
  public SignedRecorded record(Party caller, ByteString bytes, ByteString signature) {
    AnswerGiven given =
        StrictMessages.parse(
            AnswerGiven.parser(), bytes, GIVEN_BYTES_MAX, Reason.INVALID_REQUEST, "answer given");
    requireWellFormed(given.getDatasetsList());
    ByteString recorded =
        StrictMessages.encode(
            AnswerRecorded.newBuilder().setGivenSha256(Digest.of(bytes).value()).build());
    SignedRecorded signed =
        new SignedRecorded(recorded, brokerKey.sign(AnswerChain.RECORDED_LABEL, recorded));
    return store.write(write -> {
      Asking asking =
          asking(
              write,
              caller,
              given.getJobId(),
              given.getParty(),
              AnswerChain.GIVEN_LABEL,
              bytes,
              signature);
      if (!isThere(write, given)) {
        given.getDatasetsList().forEach(over -> append(write, asking, given.getParty(), over));
      }
      return signed;
    });
  }

  private Asking asking(
      Handle read,
      Party caller,
      String jobId,
      String party,
      String label,
      ByteString bytes,
      ByteString signature) {
    StoredJob job = JobRows.require(read, jobId);
    StoredAgreement stored = AgreementRows.require(read, job.agreement());
    stored.requireParty(caller);
    if (!party.equals(caller.name()) || !stored.agreement().computes(party)) {
      throw new RefusedException(
          Reason.NOT_YOURS,
          "%s has no enclave of %s that answers for job %s".formatted(caller.name(), party, jobId),
          Map.of("party", party, "job", jobId));
    }
    JobEnclaves.requireSigned(read, job, party, label, bytes, signature);
    // The moment at which an answer gets out is this one: who halted, or took the data back, is
    // in time until now.
    stored.requireActive(clock.instant());
    return new Asking(
        job,
        stored,
        Epochs.ofJob(read, stored.digest(), stored.agreement().keysFor(party), job.ordinal()));
  }

  /** Whether exactly these records are there already; a job has one answer. */
  private static boolean isThere(Handle read, AnswerGiven given) {
    int there = 0;
    for (AnswerOver over : given.getDatasetsList()) {
      Optional<AnswerRows.Given> before = AnswerRows.of(read, given.getJobId(), over.getDataset());
      if (before.isPresent()) {
        if (before.get().position() != over.getPosition()
            || !before.get().record().equals(over.getRecord())) {
          throw moved(over.getDataset());
        }
        there++;
      }
    }
    if (there > 0 && there < given.getDatasetsCount()) {
      throw moved(given.getDatasets(0).getDataset());
    }
    return there > 0;
  }

  private void append(Handle write, Asking asking, String party, AnswerOver over) {
    Chain chain = asking.chain(over.getDataset());
    End end = AnswerRows.end(write, chain);
    if (over.getPosition() != end.count() + 1
        || !over.getPreviousSha256().equals(end.digest().value())) {
      throw moved(over.getDataset());
    }
    if (end.count() >= AnswerChain.MAX_RECORDS
        || end.bytes() + over.getRecord().size() > AnswerChain.MAX_BYTES) {
      throw new RefusedException(
          Reason.TOO_MANY,
          ("as many answers over dataset '%s' are on record as there can be (%d, %d bytes), so no"
                  + " other can be held against them; agree on a new agreement")
              .formatted(over.getDataset(), AnswerChain.MAX_RECORDS, AnswerChain.MAX_BYTES),
          Map.of("dataset", over.getDataset(), "limited", "answers"));
    }
    String jobId = asking.job().jobId();
    Digest head = AnswerChain.next(end.digest(), jobId, over.getRecord());
    AnswerRows.insert(
        write, chain, end, party, new Row(jobId, over.getRecord()), head, clock.instant());
    log.append(
        write,
        Decision.about(
                Action.ANSWER,
                party,
                asking.stored().digest(),
                jobId,
                "answer %d over %s (epoch %d)"
                    .formatted(over.getPosition(), over.getDataset(), chain.epoch()))
            .on(head));
  }

  private static void requireWellFormed(List<AnswerOver> datasets) {
    List<String> names = datasets.stream().map(AnswerOver::getDataset).toList();
    if (names.isEmpty() || !names.stream().sorted().distinct().toList().equals(names)) {
      throw wrong("datasets", "are none, or not sorted, or one is there twice");
    }
    long bytes = 0;
    for (AnswerOver over : datasets) {
      bytes += over.getRecord().size();
      if (over.getPreviousSha256().size() != Digest.SIZE_BYTES
          || over.getRecord().size() <= AnswerSeal.OVERHEAD_BYTES) {
        throw wrong("datasets", "have a digest or a record that is none");
      }
    }
    if (bytes > AnswerChain.MAX_PAGE_BYTES) {
      throw wrong(
          "datasets", "have records of more than %d bytes".formatted(AnswerChain.MAX_PAGE_BYTES));
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_REQUEST, "%s %s".formatted(field, problem), Map.of("field", field));
  }

  private static RefusedException moved(String dataset) {
    return new RefusedException(
        Reason.ANSWERS_MOVED,
        "another answer over dataset '%s' was recorded in between; read on, and compare again"
            .formatted(dataset),
        Map.of("dataset", dataset));
  }
}
