package io.parley.peer.broker;

import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.proto.broker.v1.AppraiseBrokerRequest;
import io.parley.proto.broker.v1.AppraiseBrokerResponse;
import io.parley.wire.StrictMessages;
import java.util.List;

/** Questions and judgements as the broker's program reads and writes them. */
final class JudgementCodec {
  private JudgementCodec() {}

  static byte[] encode(Question question) {
    return AppraiseBrokerRequest.newBuilder()
        .setEvidence(question.evidence().toMessage())
        .setStatement(question.expected().encode())
        .addAllPolicies(question.policies().stream().map(PlatformCodec::toMessage).toList())
        .setAt(StrictMessages.timestamp(question.at()))
        .build()
        .toByteArray();
  }

  /**
   * The judgement that these bytes are.
   *
   * @throws InvalidProtocolBufferException when they are none
   */
  static Judgement decode(byte[] bytes) throws InvalidProtocolBufferException {
    AppraiseBrokerResponse response = AppraiseBrokerResponse.parseFrom(bytes);
    List<String> table = response.getTableList();
    return switch (response.getOutcomeCase()) {
      case ACCEPTED -> new Judgement.Accepted(response.getAccepted().getClaims(), table);
      case REFUSED -> {
        var refused = response.getRefused();
        yield new Judgement.Refused(
            refused.getReason(),
            refused.getClaim(),
            refused.getAdvice(),
            refused.getExpected(),
            refused.getSeen(),
            table);
      }
      case UNCHECKED ->
          new Judgement.Unchecked(
              response.getUnchecked().getReason(), response.getUnchecked().getWhy(), table);
      case OUTCOME_NOT_SET -> throw new InvalidProtocolBufferException("it says nothing");
    };
  }
}
