package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.parley.gate.SignedGateKey;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AddVerificationSetRequest;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.DatasetKey;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GateServiceGrpc;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetCheckpointRequest;
import io.parley.proto.broker.v1.GetGateKeyRequest;
import io.parley.proto.broker.v1.GetGateKeyResponse;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.GetReceiptResponse;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.ListAgreementsResponse;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.ListDecisionsResponse;
import io.parley.proto.broker.v1.ListKeysRequest;
import io.parley.proto.broker.v1.ListKeysResponse;
import io.parley.proto.broker.v1.ListVerificationSetsRequest;
import io.parley.proto.broker.v1.ListVerificationSetsResponse;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ProveJobRequest;
import io.parley.proto.broker.v1.ReadEntriesRequest;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.proto.broker.v1.RemoveVerificationSetRequest;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.RetireKeyRequest;
import io.parley.proto.broker.v1.RevokeKeysRequest;
import io.parley.proto.broker.v1.RotateKeyRequest;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.seal.SealedBytes;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Calls to the key broker. Every failure comes out with a reason. */
final class BrokerClient implements LogSource {
  private static final int CALL_SECONDS = 30;
  private static final int PAGE = 1000;
  private static final int AGREEMENTS_MAX = 100_000;
  private static final int KEYS_MAX = 1_000_000;

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

  /** All epochs of the datasets of an agreement, in the order they were made. */
  List<DatasetKey> keys(Digest agreement) {
    List<DatasetKey> all = new ArrayList<>();
    String token = "";
    do {
      ListKeysRequest request =
          ListKeysRequest.newBuilder()
              .setAgreementSha256(agreement.value())
              .setPageSize(PAGE)
              .setPageToken(token)
              .build();
      ListKeysResponse page = call(() -> keyStub().listKeys(request));
      all.addAll(page.getKeysList());
      token = page.getNextPageToken();
    } while (!token.isEmpty() && all.size() < KEYS_MAX);
    return all;
  }

  DatasetKey rotate(Digest agreement, String dataset, int newest) {
    return call(() ->
        keyStub()
            .rotateKey(
                RotateKeyRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .setDataset(dataset)
                    .setNewestEpoch(newest)
                    .build())
            .getKey());
  }

  DatasetKey retire(Digest agreement, String dataset, int epoch) {
    return call(() ->
        keyStub()
            .retireKey(
                RetireKeyRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .setDataset(dataset)
                    .setEpoch(epoch)
                    .build())
            .getKey());
  }

  DatasetKey revoke(Digest agreement, String dataset) {
    return call(() ->
        keyStub()
            .revokeKeys(
                RevokeKeysRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .setDataset(dataset)
                    .build())
            .getKey());
  }

  /** The key that verification sets are sealed to; whose it is, is for the caller to check. */
  SignedGateKey gateKey() {
    GetGateKeyResponse answer =
        call(() -> gateStub().getGateKey(GetGateKeyRequest.getDefaultInstance()));
    return new SignedGateKey(answer.getKey(), answer.getSignature(), answer.getBrokerKey());
  }

  StoredVerificationSet addVerificationSet(Digest agreement, SealedBytes sealed) {
    return call(() ->
        gateStub()
            .addVerificationSet(
                AddVerificationSetRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .setSealed(sealed.toMessage())
                    .build())
            .getSet());
  }

  ListVerificationSetsResponse verificationSets(Digest agreement) {
    return call(() ->
        gateStub()
            .listVerificationSets(
                ListVerificationSetsRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .build()));
  }

  StoredVerificationSet removeVerificationSet(Digest agreement, Digest set) {
    return call(() ->
        gateStub()
            .removeVerificationSet(
                RemoveVerificationSetRequest.newBuilder()
                    .setAgreementSha256(agreement.value())
                    .setSetSha256(set.value())
                    .build())
            .getSet());
  }

  private GateServiceGrpc.GateServiceBlockingStub gateStub() {
    return GateServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  AgreementRecord shred(Digest agreement) {
    return call(() ->
        keyStub()
            .shredKeys(ShredKeysRequest.newBuilder().setAgreementSha256(agreement.value()).build())
            .getAgreement());
  }

  GetReceiptResponse receipt(String jobId) {
    return call(() ->
        KeyServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .getReceipt(GetReceiptRequest.newBuilder().setJobId(jobId).build()));
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
      ListDecisionsResponse page = call(() -> logStub().listDecisions(request));
      page.getDecisionsList().forEach(seen);
      token = page.getNextPageToken();
    } while (!token.isEmpty());
  }

  @Override
  public ByteString checkpoint() {
    return call(
        () -> logStub().getCheckpoint(GetCheckpointRequest.getDefaultInstance()).getCheckpoint());
  }

  @Override
  public List<ReadableEntry> entries(long start, long size) {
    return call(() ->
        logStub()
            .readEntries(ReadEntriesRequest.newBuilder().setStart(start).build())
            .getEntriesList());
  }

  /** Proofs of a job's decisions, each as a C2SP tlog-proof. */
  List<ByteString> proveJob(String jobId) {
    return call(() ->
        logStub().proveJob(ProveJobRequest.newBuilder().setJobId(jobId).build()).getProofsList());
  }

  /** How many membership lists the broker has. */
  int membershipVersion() {
    return call(() ->
        MembershipServiceGrpc.newBlockingStub(channel)
            .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
            .getMembership(GetMembershipRequest.getDefaultInstance())
            .getChainCount());
  }

  private KeyAdminServiceGrpc.KeyAdminServiceBlockingStub keyStub() {
    return KeyAdminServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  private AgreementServiceGrpc.AgreementServiceBlockingStub agreementStub() {
    return AgreementServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  private LogServiceGrpc.LogServiceBlockingStub logStub() {
    return LogServiceGrpc.newBlockingStub(channel)
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
