package io.parley.shim.answers;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.seal.AnswerChain;
import io.parley.seal.AnswerSeal;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.AnswerDesk;
import io.parley.shim.host.AnswerMessages;
import io.parley.shim.host.AnswersPage;
import io.parley.shim.keys.Retries;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.Map;

/**
 * The answers that were given before over one dataset, read once and compared with this one; and
 * the record of this one for the place behind them. Neither the host nor the broker can leave one
 * out, put others in between, or show an older state: each record opens at its place only, and the
 * broker signs, for this very question, where the chain ends. Not thread-safe.
 */
final class EarlierAnswers {
  private final String dataset;
  private final AnswerSeal seal;
  private final Sketches mine;
  private final Comparison comparison;
  private final Enclave enclave;
  private final SecureRandom random;
  private long position;
  private Digest head = AnswerChain.START;
  private boolean given;

  EarlierAnswers(
      String dataset, AnswerSeal seal, Sketches mine, Enclave enclave, SecureRandom random) {
    this.dataset = dataset;
    this.seal = seal;
    this.mine = mine;
    this.comparison = new Comparison(dataset, mine);
    this.enclave = enclave;
    this.random = random;
  }

  /**
   * Reads on to the end.
   *
   * @param key the broker's
   * @throws RefusedException ANSWERS_WRONG when what comes is not the chain, OUTPUT_RULE when
   *     another enclave of this job gave another answer
   */
  void readOn(AnswerDesk broker, VerifyingKey key, Retries retries) {
    while (true) {
      byte[] nonce = new byte[AnswerChain.NONCE_SIZE_BYTES];
      random.nextBytes(nonce);
      ByteString asked =
          AnswerMessages.asked(
              enclave.spec().jobId(),
              enclave.party(),
              dataset,
              position,
              ByteString.copyFrom(nonce));
      ByteString signature = enclave.keys().signing().sign(AnswerChain.ASKED_LABEL, asked);
      AnswersPage page = retries.whileAway(() -> broker.readAnswers(asked, signature));
      require(
          key.verify(AnswerChain.HEAD_LABEL, page.head(), page.signature()),
          "the agreement's broker did not sign how many there are");
      AnswerMessages.Head end = AnswerMessages.head(page.head());
      require(end.asked().equals(Digest.of(asked)), "they are the answer to another question");
      page.records().forEach(this::take);
      if (position == end.count()) {
        require(head.equals(end.digest()), "they are not those that the broker has");
        return;
      }
      require(
          !page.records().isEmpty() && Long.compareUnsigned(position, end.count()) < 0,
          "some are missing, or there are too many");
    }
  }

  private void take(AnswersPage.Item item) {
    AnswerSeal.Place place = new AnswerSeal.Place(position + 1, head, item.jobId());
    byte[] content =
        seal.open(item.record(), place)
            .orElseThrow(() -> wrong("one was not recorded for its place by an enclave"));
    Sketches earlier = Sketches.decode(content, mine.limit());
    if (!item.jobId().equals(enclave.spec().jobId())) {
      comparison.with(earlier);
    } else if (Comparison.same(mine, earlier)) {
      given = true;
    } else {
      throw new RefusedException(
          Reason.OUTPUT_RULE,
          "two enclaves of this job made different answers over dataset '%s', so only the first counts"
              .formatted(dataset),
          Map.of("dataset", dataset));
    }
    head = AnswerChain.next(head, item.jobId(), item.record());
    position++;
  }

  /** Whether another enclave of this job has given the same answer, and it is recorded. */
  boolean isGiven() {
    return given;
  }

  /**
   * Passes when the earlier answers and this one together tell nothing about few.
   *
   * @throws RefusedException RULE_OVERLAP
   */
  void conclude() {
    comparison.conclude();
  }

  /** This answer, for the place behind all that were read. */
  AnswerMessages.Over record() {
    AnswerSeal.Place place = new AnswerSeal.Place(position + 1, head, enclave.spec().jobId());
    return new AnswerMessages.Over(
        dataset, place.position(), head, seal.seal(mine.encode(), place, random));
  }

  private void require(boolean holds, String problem) {
    if (!holds) {
      throw wrong(problem);
    }
  }

  private RefusedException wrong(String problem) {
    return new RefusedException(
        Reason.ANSWERS_WRONG,
        "the records of earlier answers over dataset '%s' are not as they must be: %s"
            .formatted(dataset, problem),
        Map.of("dataset", dataset));
  }
}
