package io.parley.shim.answers;

import com.google.protobuf.ByteString;
import io.parley.agreement.Limits;
import io.parley.seal.AnswerChain;
import io.parley.seal.AnswerSeal;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.AnswerDesk;
import io.parley.shim.host.AnswerMessages;
import io.parley.shim.host.SignedRecorded;
import io.parley.shim.keys.JobKeys;
import io.parley.shim.keys.Retries;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/**
 * Lets an answer out only when it and the answers that were given before, by other jobs, do not
 * together tell about fewer than the smallest group; and only once the broker has it on record, so
 * that later answers are held against it. Of several enclaves that compute for one job the first
 * has its answer recorded, and the others must have made the same.
 */
public final class OverlapGuard {
  /** Others may come in between this often. */
  private static final int ATTEMPTS = 64;

  private final AnswerDesk broker;
  private final Enclave enclave;
  private final JobKeys keys;
  private final SecureRandom random;
  private final Retries retries;

  public OverlapGuard(
      AnswerDesk broker, Enclave enclave, JobKeys keys, SecureRandom random, Retries retries) {
    this.broker = broker;
    this.enclave = enclave;
    this.keys = keys;
    this.random = random;
    this.retries = retries;
  }

  /** Whether the app has told whose rows are in its answer; it may still run. */
  public static boolean isTold(Path out) {
    return Identities.isThere(out);
  }

  /**
   * Takes the app's file of identities out of its results.
   *
   * @param out the app's results, with the file under its name
   * @param smallest the smallest group of each dataset with identities; none: nothing is compared
   * @return the answer, not admitted; the caller's to close
   * @throws RefusedException SIZE_LIMIT or OUTPUT_RULE when it cannot be compared
   */
  public Answer take(Path out, SortedMap<String, Integer> smallest) {
    Map<String, AnswerSeal> seals = new HashMap<>();
    Answer answer = new Answer(seals, new ArrayList<>());
    if (smallest.isEmpty()) {
      return answer;
    }
    boolean complete = false;
    try {
      Map<String, Identities.Guarded> guarded = new HashMap<>();
      smallest.forEach((dataset, limit) -> {
        requireGuardable(dataset, limit);
        AnswerSeal seal = new AnswerSeal(keys.dataset(dataset), enclave.signed().digest(), dataset);
        seals.put(dataset, seal);
        guarded.put(dataset, new Identities.Guarded(limit, new IdentityHash(seal.hashKey())));
      });
      Identities.take(out, guarded)
          .forEach((dataset, sketches) ->
              answer.over.add(
                  new EarlierAnswers(dataset, seal(seals, dataset), sketches, enclave, random)));
      complete = true;
      return answer;
    } finally {
      if (!complete) {
        answer.close();
      }
    }
  }

  /** What one job wants to tell. Closing wipes keys. Not thread-safe. */
  public final class Answer implements AutoCloseable {
    private final Map<String, AnswerSeal> seals;
    private final List<EarlierAnswers> over;

    private Answer(Map<String, AnswerSeal> seals, List<EarlierAnswers> over) {
      this.seals = seals;
      this.over = over;
    }

    /**
     * Returns when it may be told: it was compared, and is on record.
     *
     * @throws RefusedException RULE_OVERLAP when it may not, ANSWERS_WRONG when what host or broker
     *     say cannot be, what the broker said
     */
    public void admit() {
      if (!over.isEmpty()) {
        OverlapGuard.this.admit(over);
      }
    }

    @Override
    public void close() {
      seals.values().forEach(AnswerSeal::close);
    }
  }

  private void admit(List<EarlierAnswers> answers) {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      answers.forEach(one -> one.readOn(broker, keys.broker(), retries));
      if (answers.stream().allMatch(EarlierAnswers::isGiven)) {
        return;
      }
      if (answers.stream().anyMatch(EarlierAnswers::isGiven)) {
        throw wrong("this job's answer is recorded over some of its datasets only");
      }
      answers.forEach(EarlierAnswers::conclude);
      if (recorded(answers)) {
        return;
      }
    }
    throw new RefusedException(
        Reason.ANSWERS_MOVED,
        "other jobs kept giving answers over the same datasets; start a new job when they are done");
  }

  /** Whether no other answer came in between. */
  private boolean recorded(List<EarlierAnswers> answers) {
    List<AnswerMessages.Over> records = answers.stream().map(EarlierAnswers::record).toList();
    long bytes = records.stream().mapToLong(record -> record.record().size()).sum();
    if (bytes > AnswerChain.MAX_PAGE_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "the answer has more groups than can be compared with other answers; ask for fewer groups",
          Map.of("limit", Integer.toString(AnswerChain.MAX_PAGE_BYTES)));
    }
    ByteString given = AnswerMessages.given(enclave.spec().jobId(), enclave.party(), records);
    ByteString signature = enclave.keys().signing().sign(AnswerChain.GIVEN_LABEL, given);
    SignedRecorded recorded;
    try {
      recorded = retries.whileAway(() -> broker.recordAnswer(given, signature));
    } catch (RefusedException e) {
      if (e.reason() == Reason.ANSWERS_MOVED) {
        return false;
      }
      throw e;
    }
    boolean signed =
        keys.broker().verify(AnswerChain.RECORDED_LABEL, recorded.recorded(), recorded.signature());
    if (!signed || !AnswerMessages.recorded(recorded.recorded()).equals(Digest.of(given))) {
      throw wrong("the agreement's broker did not sign that it recorded this answer");
    }
    return true;
  }

  private static AnswerSeal seal(Map<String, AnswerSeal> seals, String dataset) {
    AnswerSeal seal = seals.get(dataset);
    if (seal == null) {
      throw new BugException("no seal of dataset '%s'".formatted(dataset));
    }
    return seal;
  }

  private static void requireGuardable(String dataset, int limit) {
    if (limit > Limits.MAX_COMPARED_GROUP) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "answers over dataset '%s' cannot be compared for a min_group of %d; at most %d"
              .formatted(dataset, limit, Limits.MAX_COMPARED_GROUP),
          Map.of("dataset", dataset, "limit", Integer.toString(Limits.MAX_COMPARED_GROUP)));
    }
  }

  private static RefusedException wrong(String problem) {
    return new RefusedException(
        Reason.ANSWERS_WRONG, "the broker's answer is not as it must be: " + problem, Map.of());
  }
}
