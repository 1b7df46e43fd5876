package io.parley.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.AnswerGiven;
import io.parley.proto.broker.v1.AnswerOver;
import io.parley.proto.broker.v1.AnswerRecord;
import io.parley.proto.broker.v1.AnswerRecorded;
import io.parley.proto.broker.v1.AnswersAsked;
import io.parley.proto.broker.v1.AnswersHead;
import io.parley.proto.broker.v1.ReadAnswersRequest;
import io.parley.proto.broker.v1.ReadAnswersResponse;
import io.parley.proto.broker.v1.RecordAnswerRequest;
import io.parley.proto.broker.v1.RecordAnswerResponse;
import io.parley.seal.AnswerChain;
import io.parley.shim.host.AnswerDesk;
import io.parley.shim.host.AnswersPage;
import io.parley.shim.host.SignedRecorded;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Keeps records of answers as the broker does, in memory; what it answers can be bent. */
public final class FakeAnswers implements AnswerDesk {
  public final Map<String, List<AnswerRecord>> records = new ConcurrentSkipListMap<>();
  public final List<Integer> pages = new ArrayList<>();
  public SigningKey key;
  public int pageRecords = 1000;
  public UnaryOperator<AnswersHead.Builder> bendHead = head -> head;
  public UnaryOperator<ReadAnswersResponse.Builder> bendPage = page -> page;
  public UnaryOperator<RecordAnswerResponse.Builder> bendRecorded = recorded -> recorded;

  /** Runs before an answer is recorded: another one may come in between. */
  public Consumer<AnswerGiven> before = given -> {};

  public FakeAnswers(SigningKey key) {
    this.key = key;
  }

  synchronized ByteString read(ByteString request) throws InvalidProtocolBufferException {
    ReadAnswersRequest read = ReadAnswersRequest.parseFrom(request);
    AnswersAsked asked = AnswersAsked.parseFrom(read.getAsked());
    List<AnswerRecord> all = of(asked.getDataset());
    int from = Math.toIntExact(asked.getAfter());
    List<AnswerRecord> page =
        all.subList(Math.min(from, all.size()), Math.min(all.size(), from + pageRecords));
    pages.add(page.size());
    ByteString head =
        bendHead
            .apply(
                AnswersHead.newBuilder()
                    .setAskedSha256(Digest.of(read.getAsked()).value())
                    .setCount(all.size())
                    .setHeadSha256(head(all).value()))
            .build()
            .toByteString();
    return bendPage
        .apply(
            ReadAnswersResponse.newBuilder()
                .setHead(head)
                .setSignature(key.sign(AnswerChain.HEAD_LABEL, head))
                .addAllRecords(page))
        .build()
        .toByteString();
  }

  ByteString record(ByteString request) throws InvalidProtocolBufferException {
    ByteString bytes = RecordAnswerRequest.parseFrom(request).getGiven();
    AnswerGiven given = AnswerGiven.parseFrom(bytes);
    Consumer<AnswerGiven> first = before;
    before = next -> {};
    first.accept(given);
    synchronized (this) {
      for (AnswerOver over : given.getDatasetsList()) {
        List<AnswerRecord> all = of(over.getDataset());
        if (over.getPosition() != all.size() + 1
            || !over.getPreviousSha256().equals(head(all).value())) {
          throw new RefusedException(Reason.ANSWERS_MOVED, "another answer came in between");
        }
      }
      given
          .getDatasetsList()
          .forEach(over ->
              of(over.getDataset())
                  .add(
                      AnswerRecord.newBuilder()
                          .setJobId(given.getJobId())
                          .setRecord(over.getRecord())
                          .build()));
    }
    ByteString recorded =
        AnswerRecorded.newBuilder().setGivenSha256(Digest.of(bytes).value()).build().toByteString();
    return bendRecorded
        .apply(
            RecordAnswerResponse.newBuilder()
                .setRecorded(recorded)
                .setSignature(key.sign(AnswerChain.RECORDED_LABEL, recorded)))
        .build()
        .toByteString();
  }

  private List<AnswerRecord> of(String dataset) {
    return records.computeIfAbsent(dataset, name -> new CopyOnWriteArrayList<>());
  }

  private static Digest head(List<AnswerRecord> all) {
    Digest head = AnswerChain.START;
    for (AnswerRecord record : all) {
      head = AnswerChain.next(head, record.getJobId(), record.getRecord());
    }
    return head;
  }

  @Override
  public AnswersPage readAnswers(ByteString asked, ByteString signature) {
    try {
      ReadAnswersResponse response =
          ReadAnswersResponse.parseFrom(
              read(ReadAnswersRequest.newBuilder().setAsked(asked).build().toByteString()));
      return new AnswersPage(
          response.getHead(),
          response.getSignature(),
          response.getRecordsList().stream()
              .map(record -> new AnswersPage.Item(record.getJobId(), record.getRecord()))
              .toList());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  @Override
  public SignedRecorded recordAnswer(ByteString given, ByteString signature) {
    try {
      RecordAnswerResponse response =
          RecordAnswerResponse.parseFrom(
              record(RecordAnswerRequest.newBuilder().setGiven(given).build().toByteString()));
      return new SignedRecorded(response.getRecorded(), response.getSignature());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}
