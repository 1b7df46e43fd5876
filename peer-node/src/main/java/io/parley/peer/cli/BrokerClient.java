package io.parley.peer.cli;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.AuditServiceGrpc;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.ListAgreementsResponse;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.ListDecisionsResponse;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Calls to the key broker. Every failure comes out with a reason. */
final class BrokerClient {
  private static final int CALL_SECONDS = 30;
  private static final int PAGE = 1000;
  private static final int AGREEMENTS_MAX = 100_000;

  private final Channel channel;

  BrokerClient(Channel channel) {
    this.channel = channel;
  }

  AgreementRecord propose(Envelope envelope) {
    return call(() ->
        agreementStub()
            .proposeAgreement(ProposeAgreementRequest.newBuilder().setEnvelope(envelope).build())
            .getAgreement());
  }

  AgreementRecord sign(Digest digest, Signature signature) {
    return call(() ->
        agreementStub()
            .signAgreement(
                SignAgreementRequest.newBuilder()
                    .setAgreementSha256(digest.value())
                    .setSignature(signature)
                    .build())
            .getAgreement());
  }

  AgreementRecord agreement(Digest digest) {
    return call(() ->
        agreementStub()
            .getAgreement(
                GetAgreementRequest.newBuilder().setAgreementSha256(digest.value()).build())
            .getAgreement());
  }

  AgreementRecord halt(Digest digest, String reason) {
    return call(() ->
        agreementStub()
            .haltAgreement(
                HaltAgreementRequest.newBuilder()
                    .setAgreementSha256(digest.value())
                    .setReason(reason)
                    .build())
            .getAgreement());
  }

  AgreementRecord resume(Digest digest) {
    return call(() ->
        agreementStub()
            .resumeAgreement(
                ResumeAgreementRequest.newBuilder().setAgreementSha256(digest.value()).build())
            .getAgreement());
  }

  List<AgreementRecord> agreements() {
    List<AgreementRecord> all = new ArrayList<>();
    String token = "";
    do {
      ListAgreementsRequest request =
          ListAgreementsRequest.newBuilder().setPageSize(PAGE).setPageToken(token).build();
      ListAgreementsResponse page = call(() -> agreementStub().listAgreements(request));
      all.addAll(page.getAgreementsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty() && all.size() < AGREEMENTS_MAX);
    return all;
  }

  Envelope receipt(String jobId) {
    return call(() ->
        KeyServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .getReceipt(GetReceiptRequest.newBuilder().setJobId(jobId).build())
            .getReceipt());
  }

  /** Decisions, oldest first, page by page. */
  void decisions(String jobId, Consumer<Decision> seen) {
    String token = "";
    do {
      ListDecisionsRequest request =
          ListDecisionsRequest.newBuilder()
              .setPageSize(PAGE)
              .setPageToken(token)
              .setJobId(jobId)
              .build();
      ListDecisionsResponse page =
          call(() ->
              AuditServiceGrpc.newBlockingStub(channel)
                  .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                  .listDecisions(request));
      page.getDecisionsList().forEach(seen);
      token = page.getNextPageToken();
    } while (!token.isEmpty());
  }

  /** How many membership lists the broker has. */
  int membershipVersion() {
    return call(() ->
        MembershipServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .getMembership(GetMembershipRequest.getDefaultInstance())
            .getChainCount());
  }

  private AgreementServiceGrpc.AgreementServiceBlockingStub agreementStub() {
    return AgreementServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      throw Channels.failure(e, Reason.BROKER_UNAVAILABLE);
    }
  }
}
