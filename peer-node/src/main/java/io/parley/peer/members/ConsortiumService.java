package io.parley.peer.members;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.identity.Caller;
import io.parley.identity.Invitation;
import io.parley.identity.Member;
import io.parley.identity.MembershipChain;
import io.parley.identity.MembershipCodec;
import io.parley.identity.Role;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc.ConsortiumServiceImplBase;
import io.parley.proto.peer.v1.CreateInvitationRequest;
import io.parley.proto.peer.v1.CreateInvitationResponse;
import io.parley.proto.peer.v1.GetConsortiumRequest;
import io.parley.proto.peer.v1.GetConsortiumResponse;
import io.parley.proto.peer.v1.JoinRequest;
import io.parley.proto.peer.v1.JoinResponse;
import io.parley.proto.peer.v1.ProposeRemovalRequest;
import io.parley.proto.peer.v1.ProposeRemovalResponse;
import io.parley.proto.peer.v1.SignProposalRequest;
import io.parley.proto.peer.v1.SignProposalResponse;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.GrpcStatuses;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Membership, as this node keeps it. Operators sign with a key that the node does not have: it
 * checks, keeps, collects and passes on. Thread-safe.
 */
public final class ConsortiumService extends ConsortiumServiceImplBase {
  /** Lists in one answer: each has at most 64 members of about 2 KiB. */
  static final int PAGE = 16;

  private static final Logger LOG = LoggerFactory.getLogger(ConsortiumService.class);

  private final String party;
  private final MembershipStore members;
  private final Invitations invitations;
  private final Proposals proposals;
  private final InstantSource clock;
  private final Runnable changed;

  private ConsortiumService(
      String party,
      MembershipStore members,
      Invitations invitations,
      Proposals proposals,
      InstantSource clock,
      Runnable changed) {
    this.party = party;
    this.members = members;
    this.invitations = invitations;
    this.proposals = proposals;
    this.clock = clock;
    this.changed = changed;
  }

  /**
   * The service of a node.
   *
   * @param party whose node this is
   * @param folder of the membership store; invitations and proposals are kept beside the lists
   * @param sync told when there is something to pass on
   */
  public static ConsortiumService of(
      String party,
      Path folder,
      MembershipStore members,
      MembershipSync sync,
      InstantSource clock,
      SecureRandom random) {
    return new ConsortiumService(
        party,
        members,
        new Invitations(folder.resolve("invitations"), clock, random),
        sync.proposals(),
        clock,
        sync::soon);
  }

  @Override
  public void createInvitation(
      CreateInvitationRequest request, StreamObserver<CreateInvitationResponse> answer) {
    answer(
        answer,
        () -> {
          requireOperator();
          Duration validFor =
              request.hasValidFor()
                  ? Duration.ofSeconds(
                      request.getValidFor().getSeconds(), request.getValidFor().getNanos())
                  : Invitations.VALID_DEFAULT;
          Invitation invitation =
              invitations.issue(
                  members.current().consortium(), members.current().member(party), validFor);
          LOG.info("invitation given out, valid until {}", invitation.expires());
          return CreateInvitationResponse.newBuilder().setInvitation(invitation.encode()).build();
        });
  }

  @Override
  public void join(JoinRequest request, StreamObserver<JoinResponse> answer) {
    answer(answer, () -> join(request));
  }

  private JoinResponse join(JoinRequest request) {
    Member joiner = MembershipCodec.fromProto(request.getMember());
    Digest digest = Digest.of(MembershipCodec.toProto(joiner).toByteString());
    Instant claimed = invitations.claim(request.getSecret(), digest);
    MembershipChain chain = members.chain();
    JoinResponse.Builder response =
        JoinResponse.newBuilder().addAllChain(protos(chain.envelopes()));
    if (chain.current().find(joiner.name()).filter(joiner::equals).isPresent()) {
      return response.build();
    }
    // The date is the invitation's first use, so that both calls come to the same bytes.
    DsseEnvelope proposal = chain.proposeJoin(joiner, claimed);
    DsseEnvelope known = proposals.find(proposal.digest()).orElse(proposal);
    if (request.hasSignature()) {
      DsseSignature signature =
          new DsseSignature(request.getSignature().getKeyid(), request.getSignature().getSig());
      if (!signature.keyId().equals(joiner.name())) {
        throw new RefusedException(
            Reason.INVALID_SIGNATURE, "a joiner signs for itself, nobody else");
      }
      known = proposals.merge(chain.addSignature(proposal, signature)).proposal();
      LOG.info("'{}' asks to join; its CA is {}", joiner.name(), joiner.ca().sha256());
      changed.run();
    }
    return response.setProposal(known.toProto()).build();
  }

  @Override
  public void proposeRemoval(
      ProposeRemovalRequest request, StreamObserver<ProposeRemovalResponse> answer) {
    answer(
        answer,
        () -> {
          requireOperator();
          DsseEnvelope proposal =
              proposals.open().stream()
                  .filter(p -> removesOnly(p, request.getParty()))
                  .findFirst()
                  .orElseGet(
                      () -> members.chain().proposeRemoval(request.getParty(), clock.instant()));
          return ProposeRemovalResponse.newBuilder().setProposal(proposal.toProto()).build();
        });
  }

  private boolean removesOnly(DsseEnvelope proposal, String removed) {
    var rest = new java.util.TreeSet<>(members.current().names());
    return rest.remove(removed) && members.chain().open(proposal, true).names().equals(rest);
  }

  @Override
  public void getConsortium(
      GetConsortiumRequest request, StreamObserver<GetConsortiumResponse> answer) {
    answer(
        answer,
        () -> {
          requireMember();
          List<DsseEnvelope> newer = members.chain().after(request.getAfterVersion());
          return GetConsortiumResponse.newBuilder()
              .addAllChain(protos(newer.subList(0, Math.min(PAGE, newer.size()))))
              .addAllProposals(protos(proposals.open()))
              .setVersion(members.current().version())
              .build();
        });
  }

  @Override
  public void signProposal(
      SignProposalRequest request, StreamObserver<SignProposalResponse> answer) {
    answer(
        answer,
        () -> {
          requireMember();
          DsseEnvelope proposal = DsseEnvelope.fromProto(request.getProposal());
          Proposals.Merged merged =
              members.chain().digest().equals(proposal.digest())
                  ? new Proposals.Merged(members.chain().envelopes().getLast(), false, true)
                  : proposals.merge(proposal);
          if (merged.changed()) {
            changed.run();
          }
          if (merged.changed() && merged.complete()) {
            LOG.info("membership list version {} is complete", members.current().version());
          }
          return SignProposalResponse.newBuilder()
              .setProposal(merged.proposal().toProto())
              .setComplete(merged.complete())
              .build();
        });
  }

  private void requireOperator() {
    Caller caller = CallerInterceptor.caller();
    if (caller.role() != Role.OPERATOR || !caller.party().equals(party)) {
      throw new RefusedException(
          Reason.ROLE_MISSING,
          "this takes an operator of '%s'; you are %s".formatted(party, caller),
          Map.of("expected", party + "/operator", "seen", caller.toString()));
    }
  }

  /** Our own operators and analysts, and the nodes of members. */
  private void requireMember() {
    Caller caller = CallerInterceptor.caller();
    if (caller.role() != Role.NODE && !caller.party().equals(party)) {
      throw new RefusedException(
          Reason.ROLE_MISSING,
          "this takes a member's node, or a client of '%s'; you are %s".formatted(party, caller),
          Map.of("seen", caller.toString()));
    }
  }

  private static List<Envelope> protos(List<DsseEnvelope> envelopes) {
    return envelopes.stream().map(DsseEnvelope::toProto).toList();
  }

  private static <T> void answer(StreamObserver<T> answer, Supplier<T> work) {
    try {
      answer.onNext(work.get());
      answer.onCompleted();
    } catch (RuntimeException e) {
      if (!(e instanceof io.parley.wire.ParleyException)) {
        LOG.error("consortium call failed", e);
      }
      answer.onError(GrpcStatuses.toGrpc(e));
    }
  }
}
