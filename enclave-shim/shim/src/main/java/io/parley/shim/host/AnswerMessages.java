package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.proto.broker.v1.AnswerGiven;
import io.parley.proto.broker.v1.AnswerRecorded;
import io.parley.proto.broker.v1.AnswersAsked;
import io.parley.proto.broker.v1.AnswersHead;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import java.util.List;

/** The bytes that an enclave and the broker sign about records of answers. Stateless. */
public final class AnswerMessages {
  private static final int SIZE_BYTES_MAX = 1 << 10;

  private AnswerMessages() {}

  /**
   * How many records there are.
   *
   * @param asked digest of what was asked
   * @param digest the chain's after the last of them
   */
  public record Head(Digest asked, long count, Digest digest) {}

  /**
   * A record, and where it is to be.
   *
   * @param previous the chain's digest before it
   */
  public record Over(String dataset, long position, Digest previous, ByteString record) {}

  /**
   * What is asked.
   *
   * @param after how many records are known
   */
  public static ByteString asked(
      String jobId, String party, String dataset, long after, ByteString nonce) {
    return StrictMessages.encode(
        AnswersAsked.newBuilder()
            .setJobId(jobId)
            .setParty(party)
            .setDataset(dataset)
            .setAfter(after)
            .setNonce(nonce)
            .build());
  }

  /** What is to be added, in the order of the datasets' names. */
  public static ByteString given(String jobId, String party, List<Over> datasets) {
    AnswerGiven.Builder given = AnswerGiven.newBuilder().setJobId(jobId).setParty(party);
    for (Over over : datasets) {
      given.addDatasets(
          io.parley.proto.broker.v1.AnswerOver.newBuilder()
              .setDataset(over.dataset())
              .setPosition(over.position())
              .setPreviousSha256(over.previous().value())
              .setRecord(over.record()));
    }
    return StrictMessages.encode(given.build());
  }

  /**
   * What the broker said there is.
   *
   * @throws io.parley.wire.RefusedException ANSWERS_WRONG when the bytes say nothing of the kind
   */
  public static Head head(ByteString bytes) {
    AnswersHead head =
        StrictMessages.parse(
            AnswersHead.parser(), bytes, SIZE_BYTES_MAX, Reason.ANSWERS_WRONG, "answers head");
    return new Head(
        new Digest(head.getAskedSha256()), head.getCount(), new Digest(head.getHeadSha256()));
  }

  /**
   * The digest of what the broker says it has recorded.
   *
   * @throws io.parley.wire.RefusedException ANSWERS_WRONG when the bytes say nothing of the kind
   */
  public static Digest recorded(ByteString bytes) {
    return new Digest(
        StrictMessages.parse(
                AnswerRecorded.parser(),
                bytes,
                SIZE_BYTES_MAX,
                Reason.ANSWERS_WRONG,
                "answer recorded")
            .getGivenSha256());
  }
}
