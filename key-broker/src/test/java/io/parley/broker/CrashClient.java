package io.parley.broker;

import static io.parley.broker.TestConsortium.INSURER;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Evidence;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.AddCosignatureRequest;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetCheckpointRequest;
import io.parley.proto.broker.v1.GetConsistencyProofRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.LogServiceGrpc.LogServiceBlockingStub;
import io.parley.proto.broker.v1.PresentCheckpointRequest;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeProofs;
import io.parley.tlog.Witness;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The insurer's node, witness and operator, talking to a broker that may be gone at any moment. */
final class CrashClient implements AutoCloseable {
  private static final int PAGE = 1000;

  private final TestConsortium consortium;
  private final ManagedChannel node;
  private final ManagedChannel operator;

  CrashClient(String address, TestConsortium consortium, MutableTime time) {
    this.consortium = consortium;
    node = TestBroker.open(address, consortium.certificate(INSURER, Role.NODE), consortium, time);
    operator =
        TestBroker.open(address, consortium.certificate(INSURER, Role.OPERATOR), consortium, time);
  }

  KeyServiceBlockingStub keys() {
    return KeyServiceGrpc.newBlockingStub(node).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  private LogServiceBlockingStub log() {
    return LogServiceGrpc.newBlockingStub(node).withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  /** What a witness does after every start. */
  void present(@Nullable SignedCheckpoint last) {
    PresentCheckpointRequest.Builder request = PresentCheckpointRequest.newBuilder();
    if (last != null) {
      request.setCheckpoint(last.encode());
    }
    var _ = log().presentCheckpoint(request.build());
  }

  /** The newest checkpoint, which must begin with the last one. */
  SignedCheckpoint next(@Nullable SignedCheckpoint last) {
    SignedCheckpoint now =
        SignedCheckpoint.verify(
            log().getCheckpoint(GetCheckpointRequest.getDefaultInstance()).getCheckpoint(),
            consortium.chain().current().broker().signingKey());
    if (last != null) {
      List<Digest> proof =
          log()
              .getConsistencyProof(
                  GetConsistencyProofRequest.newBuilder()
                      .setFromSize(last.head().size())
                      .setToSize(now.head().size())
                      .build())
              .getHashesList()
              .stream()
              .map(Digest::new)
              .toList();
      if (!TreeProofs.consistent(last.head(), now.head(), proof)) {
        throw new AssertionError(
            "a log of %d entries does not begin with that of %d"
                .formatted(now.head().size(), last.head().size()));
      }
    }
    return now;
  }

  /** Cosigns, as the insurer's witness. */
  SignedCheckpoint cosign(SignedCheckpoint checkpoint) {
    SigningKey key = consortium.party(INSURER).node().witnessKey();
    SignedCheckpoint cosigned =
        checkpoint.with(
            Witness.of(INSURER, key.verifyingKey())
                .cosign(checkpoint.checkpoint(), Instant.now(), key));
    var _ =
        log()
            .addCosignature(
                AddCosignatureRequest.newBuilder().setCheckpoint(cosigned.encode()).build());
    return cosigned;
  }

  void propose(SignedAgreement signed) {
    var _ =
        AgreementServiceGrpc.newBlockingStub(operator)
            .withDeadlineAfter(60, TimeUnit.SECONDS)
            .proposeAgreement(
                ProposeAgreementRequest.newBuilder()
                    .setEnvelope(signed.envelope().toProto())
                    .build());
  }

  ByteString challenge(CreateJobRequest job) {
    return keys()
        .createChallenge(
            CreateChallengeRequest.newBuilder().setJobId(job.getJobId()).setParty(INSURER).build())
        .getNonce();
  }

  void request(Evidence evidence) {
    if (keys()
        .requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build())
        .getGrant()
        .isEmpty()) {
      throw new AssertionError("a grant without keys");
    }
  }

  /** Must be refused for one of these reasons; passes on that the broker is gone. */
  void requestInVain(Evidence evidence, Reason... reasons) {
    try {
      request(evidence);
    } catch (StatusRuntimeException e) {
      if (List.of(reasons).contains(Channels.failure(e, Reason.BROKER_UNAVAILABLE).reason())) {
        return;
      }
      throw e;
    }
    throw new AssertionError("keys were released; expected " + List.of(reasons));
  }

  int jobsStarted(SignedAgreement signed) {
    return AgreementServiceGrpc.newBlockingStub(operator)
        .withDeadlineAfter(60, TimeUnit.SECONDS)
        .getAgreement(
            GetAgreementRequest.newBuilder().setAgreementSha256(signed.digest().value()).build())
        .getAgreement()
        .getJobsStarted();
  }

  /** Everything that the insurer may read in the log, in order. */
  List<Decision> decisions() {
    List<Decision> all = new ArrayList<>();
    String token = "";
    do {
      var page =
          LogServiceGrpc.newBlockingStub(operator)
              .withDeadlineAfter(60, TimeUnit.SECONDS)
              .listDecisions(
                  ListDecisionsRequest.newBuilder().setPageSize(PAGE).setPageToken(token).build());
      all.addAll(page.getDecisionsList());
      token = page.getNextPageToken();
    } while (!token.isEmpty());
    return all;
  }

  @Override
  public void close() {
    node.shutdownNow();
    operator.shutdownNow();
  }
}
