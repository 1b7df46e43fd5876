package io.parley.peer.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.Membership;
import io.parley.peer.jobs.Broker;
import io.parley.peer.jobs.ShimMessage;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Credentials.Credential;
import io.parley.peer.witness.LogWitness;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.AnswerGiven;
import io.parley.proto.broker.v1.AnswersAsked;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateCredentialResponse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.FinishJobRequest;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.ReadAnswersRequest;
import io.parley.proto.broker.v1.RecordAnswerRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.enclave.v1.Claims;
import io.parley.transport.Channels;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;

/** The key broker over gRPC. Thread-safe. */
public final class GrpcBroker implements Broker {
  private static final long CALL_SECONDS = 8;

  private final NodeChannels channels;
  private final Supplier<Membership> membership;
  private final LogWitness witness;
  private final Runnable logGrew;

  /**
   * @param witness makes a round when the broker asks for one, and refuses a broker with a fork
   * @param logGrew is run after calls that the broker logs; must not block
   */
  public GrpcBroker(
      NodeChannels channels,
      Supplier<Membership> membership,
      LogWitness witness,
      Runnable logGrew) {
    this.channels = channels;
    this.membership = membership;
    this.witness = witness;
    this.logGrew = logGrew;
  }

  private Channel channel() {
    return channels.connectedBroker(membership.get().broker());
  }

  private KeyServiceGrpc.KeyServiceBlockingStub keys() {
    return KeyServiceGrpc.newBlockingStub(channel())
        .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public Agreed agreement(Digest digest) {
    AgreementRecord record =
        call(() ->
            AgreementServiceGrpc.newBlockingStub(channel())
                .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                .getAgreement(
                    GetAgreementRequest.newBuilder().setAgreementSha256(digest.value()).build())
                .getAgreement());
    return new Agreed(
        SignedAgreement.fromEnvelope(DsseEnvelope.fromProto(record.getEnvelope())),
        switch (record.getState()) {
          case AGREEMENT_STATE_PROPOSED -> Standing.PROPOSED;
          case AGREEMENT_STATE_ACTIVE -> Standing.ACTIVE;
          case AGREEMENT_STATE_HALTED -> Standing.HALTED;
          case AGREEMENT_STATE_EXPIRED -> Standing.EXPIRED;
          case AGREEMENT_STATE_SUPERSEDED -> Standing.SUPERSEDED;
          case AGREEMENT_STATE_SHREDDED -> Standing.SHREDDED;
          case AGREEMENT_STATE_UNSPECIFIED, UNRECOGNIZED ->
              throw new RefusedException(
                  Reason.INVALID_AGREEMENT,
                  "the broker says that agreement %s is in a state that this version does not know"
                      .formatted(digest));
        });
  }

  @Override
  public void createJob(String requestId, String jobId, Digest agreement, Digest job) {
    var unused =
        witnessed(() ->
            keys()
                .createJob(
                    CreateJobRequest.newBuilder()
                        .setRequestId(requestId)
                        .setJobId(jobId)
                        .setAgreementSha256(agreement.value())
                        .setJobSha256(job.value())
                        .build()));
  }

  @Override
  public ByteString forward(
      ShimMessage.Target target, ByteString request, String jobId, String party) {
    try {
      return switch (target) {
        case CREATE_CHALLENGE -> challenge(request, jobId, party);
        case REQUEST_KEYS -> requestKeys(request, jobId, party);
        case FINISH_JOB -> finish(request, jobId, party);
        case READ_ANSWERS -> readAnswers(request, jobId, party);
        case RECORD_ANSWER -> recordAnswer(request, jobId, party);
        case ATTEST -> throw new BugException("evidence is not the broker's to make");
      };
    } catch (InvalidProtocolBufferException e) {
      throw notThisJob("a request that cannot be read");
    }
  }

  private ByteString challenge(ByteString bytes, String jobId, String party)
      throws InvalidProtocolBufferException {
    CreateChallengeRequest request = CreateChallengeRequest.parseFrom(bytes);
    require(request.getJobId().equals(jobId) && request.getParty().equals(party));
    return witnessed(() -> keys().createChallenge(request)).toByteString();
  }

  private ByteString requestKeys(ByteString bytes, String jobId, String party)
      throws InvalidProtocolBufferException {
    RequestKeysRequest request = RequestKeysRequest.parseFrom(bytes);
    Claims claims = Claims.parseFrom(request.getEvidence().getClaims());
    require(claims.getJobId().equals(jobId) && claims.getParty().equals(party));
    return witnessed(() -> keys().requestKeys(request)).toByteString();
  }

  private ByteString finish(ByteString bytes, String jobId, String party)
      throws InvalidProtocolBufferException {
    FinishJobRequest request = FinishJobRequest.parseFrom(bytes);
    JobReport report = JobReport.parseFrom(request.getReport());
    require(report.getJobId().equals(jobId) && report.getParty().equals(party));
    return witnessed(() -> keys().finishJob(request)).toByteString();
  }

  private ByteString readAnswers(ByteString bytes, String jobId, String party)
      throws InvalidProtocolBufferException {
    ReadAnswersRequest request = ReadAnswersRequest.parseFrom(bytes);
    AnswersAsked asked = AnswersAsked.parseFrom(request.getAsked());
    require(asked.getJobId().equals(jobId) && asked.getParty().equals(party));
    return witnessed(() -> keys().readAnswers(request)).toByteString();
  }

  private ByteString recordAnswer(ByteString bytes, String jobId, String party)
      throws InvalidProtocolBufferException {
    RecordAnswerRequest request = RecordAnswerRequest.parseFrom(bytes);
    AnswerGiven given = AnswerGiven.parseFrom(request.getGiven());
    require(given.getJobId().equals(jobId) && given.getParty().equals(party));
    return witnessed(() -> keys().recordAnswer(request)).toByteString();
  }

  @Override
  public Credential createCredential(String jobId, String party, Credentials.Wish wish) {
    CreateCredentialResponse answer =
        witnessed(() ->
            keys()
                .createCredential(
                    CreateCredentialRequest.newBuilder()
                        .setJobId(jobId)
                        .setParty(party)
                        .addAllEkCertificates(wish.ekCertificates())
                        .addAllCollateral(wish.collateral())
                        .setAkPublic(wish.akPublic())
                        .build()));
    return new Credential(
        answer.getCredentialId(), answer.getCredentialBlob(), answer.getEncryptedSecret());
  }

  /** Whether it answers. */
  public void probe() {
    var unused =
        call(() ->
            MembershipServiceGrpc.newBlockingStub(channels.broker(membership.get().broker()))
                .withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                .getMembership(GetMembershipRequest.getDefaultInstance()));
  }

  private static void require(boolean same) {
    if (!same) {
      throw notThisJob("a call about another job or party");
    }
  }

  private static RefusedException notThisJob(String what) {
    return new RefusedException(Reason.PEER_PROTOCOL_BROKEN, "the enclave made %s".formatted(what));
  }

  /** A call about a job; once more when the broker had not seen this party's witness yet. */
  private <T> T witnessed(Supplier<T> call) {
    witness.requireUnforked();
    try {
      return call(call);
    } catch (RefusedException e) {
      if (e.reason() != Reason.LOG_NOT_WITNESSED) {
        throw e;
      }
      witness.round();
      return call(call);
    } finally {
      logGrew.run();
    }
  }

  private static <T> T call(Supplier<T> call) {
    try {
      return call.get();
    } catch (StatusRuntimeException e) {
      ParleyException failure = Channels.failure(e, Reason.BROKER_UNAVAILABLE);
      throw failure.reason() == Reason.BROKER_UNAVAILABLE
          ? new EnvironmentException(
              Reason.BROKER_UNAVAILABLE,
              "the key broker cannot be reached: " + e.getStatus(),
              Map.of(),
              e)
          : failure;
    }
  }
}
