package io.parley.shim.host;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.evidence.Evidence;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateChallengeResponse;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.ReadAnswersRequest;
import io.parley.proto.broker.v1.ReadAnswersResponse;
import io.parley.proto.broker.v1.RecordAnswerRequest;
import io.parley.proto.broker.v1.RecordAnswerResponse;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.proto.enclave.v1.Request;
import java.time.Duration;

/** The key broker, reached through the host, which can delay, change or make up any answer. */
public final class Broker implements AnswerDesk {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HostConnection host;

  public Broker(HostConnection host) {
    this.host = host;
  }

  /** A nonce to put into claims. */
  public ByteString createChallenge(String jobId, String party) {
    ByteString request =
        CreateChallengeRequest.newBuilder().setJobId(jobId).setParty(party).build().toByteString();
    ByteString answer = host.call(Request.newBuilder().setCreateChallenge(request), TIMEOUT);
    return read(() -> CreateChallengeResponse.parseFrom(answer)).getNonce();
  }

  /** Shows evidence; the grant or the gate order that comes back is not checked. */
  public KeyAnswer requestKeys(Evidence evidence) {
    ByteString request =
        RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build().toByteString();
    ByteString answer = host.call(Request.newBuilder().setRequestKeys(request), TIMEOUT);
    RequestKeysResponse response = read(() -> RequestKeysResponse.parseFrom(answer));
    return response.getGateOrder().isEmpty()
        ? new SignedGrant(response.getGrant(), response.getSignature(), response.getBrokerKey())
        : new SignedGateOrder(
            response.getGateOrder(), response.getSignature(), response.getBrokerKey());
  }

  /** Reports a finished job; the receipt's envelope that comes back is not checked. */
  public ByteString finishJob(ByteString report, ByteString signature) {
    ByteString request =
        FinishJobRequest.newBuilder()
            .setReport(report)
            .setSignature(signature)
            .build()
            .toByteString();
    ByteString answer = host.call(Request.newBuilder().setFinishJob(request), TIMEOUT);
    return read(() -> FinishJobResponse.parseFrom(answer)).getReceipt().toByteString();
  }

  @Override
  public AnswersPage readAnswers(ByteString asked, ByteString signature) {
    ByteString request =
        ReadAnswersRequest.newBuilder()
            .setAsked(asked)
            .setSignature(signature)
            .build()
            .toByteString();
    ByteString answer = host.call(Request.newBuilder().setReadAnswers(request), TIMEOUT);
    ReadAnswersResponse response = read(() -> ReadAnswersResponse.parseFrom(answer));
    return new AnswersPage(
        response.getHead(),
        response.getSignature(),
        response.getRecordsList().stream()
            .map(record -> new AnswersPage.Item(record.getJobId(), record.getRecord()))
            .toList());
  }

  @Override
  public SignedRecorded recordAnswer(ByteString given, ByteString signature) {
    ByteString request =
        RecordAnswerRequest.newBuilder()
            .setGiven(given)
            .setSignature(signature)
            .build()
            .toByteString();
    ByteString answer = host.call(Request.newBuilder().setRecordAnswer(request), TIMEOUT);
    RecordAnswerResponse response = read(() -> RecordAnswerResponse.parseFrom(answer));
    return new SignedRecorded(response.getRecorded(), response.getSignature());
  }

  private interface Reading<T> {
    T read() throws InvalidProtocolBufferException;
  }

  private static <T> T read(Reading<T> reading) {
    try {
      return reading.read();
    } catch (InvalidProtocolBufferException e) {
      throw HostConnection.broken("an answer of the broker that can't be read");
    }
  }
}
