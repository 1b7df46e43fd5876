package io.parley.broker.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Duration;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.DsseEnvelope;
import io.parley.broker.answers.AnswerRecords;
import io.parley.broker.answers.SignedAnswers;
import io.parley.broker.answers.SignedRecorded;
import io.parley.broker.jobs.Jobs;
import io.parley.broker.policy.Challenges;
import io.parley.broker.release.CredentialWish;
import io.parley.broker.release.GivenCredential;
import io.parley.broker.release.KeyRelease;
import io.parley.broker.release.LoggedReceipt;
import io.parley.broker.release.Receipts;
import io.parley.broker.release.SignedGateOrder;
import io.parley.broker.release.SignedGrant;
import io.parley.identity.Role;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.AnswerRecord;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateChallengeResponse;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateCredentialResponse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.CreateJobResponse;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.FinishJobResponse;
import io.parley.proto.broker.v1.GetReceiptRequest;
import io.parley.proto.broker.v1.GetReceiptResponse;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.ReadAnswersRequest;
import io.parley.proto.broker.v1.ReadAnswersResponse;
import io.parley.proto.broker.v1.RecordAnswerRequest;
import io.parley.proto.broker.v1.RecordAnswerResponse;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;

/** KeyService. For nodes only; a receipt may be read by any role. */
public final class KeyGrpc extends KeyServiceGrpc.KeyServiceImplBase {
  private final Jobs jobs;
  private final Challenges challenges;
  private final KeyRelease release;
  private final AnswerRecords answers;
  private final Receipts receipts;

  public KeyGrpc(
      Jobs jobs,
      Challenges challenges,
      KeyRelease release,
      AnswerRecords answers,
      Receipts receipts) {
    this.answers = answers;
    this.jobs = jobs;
    this.challenges = challenges;
    this.release = release;
    this.receipts = receipts;
  }

  @Override
  public void createJob(CreateJobRequest request, StreamObserver<CreateJobResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller ->
            CreateJobResponse.newBuilder()
                .setJobsStarted(
                    jobs.create(
                            caller,
                            request.getRequestId(),
                            request.getJobId(),
                            Fields.digest("agreement_sha256", request.getAgreementSha256()),
                            Fields.digest("job_sha256", request.getJobSha256()))
                        .ordinal())
                .build());
  }

  @Override
  public void createChallenge(
      CreateChallengeRequest request, StreamObserver<CreateChallengeResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller ->
            CreateChallengeResponse.newBuilder()
                .setNonce(release.challenge(caller, request.getJobId(), request.getParty()).nonce())
                .setValidFor(duration(challenges.validFor()))
                .build());
  }

  @Override
  public void createCredential(
      CreateCredentialRequest request, StreamObserver<CreateCredentialResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          GivenCredential given =
              release.credential(
                  caller,
                  request.getJobId(),
                  request.getParty(),
                  new CredentialWish(
                      request.getEkCertificatesList(),
                      request.getCollateralList(),
                      request.getAkPublic()));
          return CreateCredentialResponse.newBuilder()
              .setCredentialId(given.id())
              .setCredentialBlob(given.blob())
              .setEncryptedSecret(given.encryptedSecret())
              .setValidFor(duration(given.validFor()))
              .build();
        });
  }

  @Override
  public void requestKeys(
      RequestKeysRequest request, StreamObserver<RequestKeysResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          RequestKeysResponse.Builder response = RequestKeysResponse.newBuilder();
          switch (release.release(caller, request.getEvidence())) {
            case SignedGrant granted ->
                response
                    .setGrant(granted.grant())
                    .setSignature(granted.signature())
                    .setBrokerKey(granted.brokerKey().value());
            case SignedGateOrder order ->
                response
                    .setGateOrder(order.order())
                    .setSignature(order.signature())
                    .setBrokerKey(order.brokerKey().value());
          }
          return response.build();
        });
  }

  @Override
  public void finishJob(FinishJobRequest request, StreamObserver<FinishJobResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          LoggedReceipt receipt =
              receipts.finish(caller, request.getReport(), request.getSignature());
          return FinishJobResponse.newBuilder()
              .setReceipt(envelope(receipt.envelope()))
              .setProof(receipt.proof().encode())
              .build();
        });
  }

  @Override
  public void readAnswers(
      ReadAnswersRequest request, StreamObserver<ReadAnswersResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          SignedAnswers read = answers.read(caller, request.getAsked(), request.getSignature());
          ReadAnswersResponse.Builder response =
              ReadAnswersResponse.newBuilder().setHead(read.head()).setSignature(read.signature());
          for (SignedAnswers.Item item : read.records()) {
            response.addRecords(
                AnswerRecord.newBuilder().setJobId(item.jobId()).setRecord(item.record()));
          }
          return response.build();
        });
  }

  @Override
  public void recordAnswer(
      RecordAnswerRequest request, StreamObserver<RecordAnswerResponse> responses) {
    Answers.to(
        Role.NODE,
        responses,
        caller -> {
          SignedRecorded recorded =
              answers.record(caller, request.getGiven(), request.getSignature());
          return RecordAnswerResponse.newBuilder()
              .setRecorded(recorded.recorded())
              .setSignature(recorded.signature())
              .build();
        });
  }

  @Override
  public void getReceipt(GetReceiptRequest request, StreamObserver<GetReceiptResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          LoggedReceipt receipt = receipts.get(caller, request.getJobId());
          return GetReceiptResponse.newBuilder()
              .setReceipt(envelope(receipt.envelope()))
              .setProof(receipt.proof().encode())
              .build();
        });
  }

  private static Duration duration(java.time.Duration duration) {
    return Duration.newBuilder()
        .setSeconds(duration.getSeconds())
        .setNanos(duration.getNano())
        .build();
  }

  private static Envelope envelope(ByteString bytes) {
    return DsseEnvelope.decode(bytes).toProto();
  }
}
