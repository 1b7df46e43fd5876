package io.parley.peer.members;

import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Broker;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.MembershipServiceGrpc;
import io.parley.proto.broker.v1.UpdateMembershipRequest;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.GetConsortiumRequest;
import io.parley.proto.peer.v1.GetConsortiumResponse;
import io.parley.proto.peer.v1.SignProposalRequest;
import io.parley.wire.ParleyException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps this node's list and proposals in step with the other members' and the broker's: at start,
 * every few seconds, and at once when something changed here. Whoever was away catches up by
 * asking; whatever comes in is checked as if a stranger had sent it.
 *
 * <p>Not guaranteed: an order, or that all members have the same version at one moment.
 */
public final class MembershipSync implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MembershipSync.class);
  private static final Duration EVERY = Duration.ofSeconds(5);
  private static final Duration CALL_LIMIT = Duration.ofSeconds(3);
  private static final Duration FINISH = Duration.ofSeconds(1);
  private static final Duration BREAK_OFF = Duration.ofSeconds(10);
  private static final int ROUNDS_MAX = 1000;

  private final String party;
  private final MembershipStore members;
  private final Proposals proposals;
  private final Connections connections;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().name("membership").daemon().factory());
  private final AtomicBoolean asked = new AtomicBoolean();
  private volatile long brokerVersion;
  private volatile boolean closed;

  /**
   * @param party whose node this is
   * @param folder of the membership store
   */
  public MembershipSync(
      String party, Path folder, MembershipStore members, Connections connections) {
    this.party = party;
    this.members = members;
    this.proposals = new Proposals(folder.resolve("proposals"), members);
    this.connections = connections;
  }

  Proposals proposals() {
    return proposals;
  }

  /** Begins; returns at once. */
  public void start() {
    Future<?> _ =
        timer.scheduleWithFixedDelay(this::runQuietly, 0, EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Once more, as soon as possible; many calls in a row become one. */
  public void soon() {
    if (!closed && asked.compareAndSet(false, true)) {
      try {
        Future<?> _ = timer.submit(this::runQuietly);
      } catch (RejectedExecutionException e) {
        LOG.debug("closed meanwhile", e);
      }
    }
  }

  /**
   * Ends; no round runs any more when this returns. One that runs may finish what it is at, for a
   * moment, and is broken off then.
   */
  @Override
  public void close() {
    closed = true;
    timer.shutdown();
    try {
      if (!timer.awaitTermination(FINISH.toMillis(), TimeUnit.MILLISECONDS)) {
        timer.shutdownNow();
        if (!timer.awaitTermination(BREAK_OFF.toMillis(), TimeUnit.MILLISECONDS)) {
          LOG.warn("a membership round still runs {} after it was broken off", BREAK_OFF);
        }
      }
    } catch (InterruptedException e) {
      timer.shutdownNow();
      Thread.currentThread().interrupt();
    }
  }

  private void runQuietly() {
    asked.set(false);
    try {
      once();
    } catch (RuntimeException e) {
      if (!closed) {
        LOG.warn("membership could not be brought up to date: {}", e.toString());
      }
    }
  }

  /** One round with everybody. */
  void once() {
    members.reload();
    for (Member member : others()) {
      if (closed) {
        return;
      }
      try {
        exchange(member);
      } catch (StatusRuntimeException e) {
        LOG.debug("no membership from {}: {}", member.name(), e.getStatus());
      } catch (ParleyException e) {
        LOG.warn("membership from {} is not usable: {}", member.name(), e.getMessage());
      }
    }
    if (!closed) {
      updateBroker();
    }
  }

  /** Everybody in the newest list and in what is proposed, except ourselves. */
  private List<Member> others() {
    Map<String, Member> others = new LinkedHashMap<>();
    for (Member member : members.current().members()) {
      others.put(member.name(), member);
    }
    others.remove(party);
    return List.copyOf(others.values());
  }

  private void exchange(Member member) {
    var stub =
        ConsortiumServiceGrpc.newBlockingStub(connections.peer(member))
            .withDeadlineAfter(CALL_LIMIT);
    GetConsortiumResponse theirs = pull(stub);
    for (DsseEnvelope newer : members.chain().after(theirs.getVersion())) {
      push(stub, newer);
    }
    for (DsseEnvelope proposal : proposals.open()) {
      boolean known =
          theirs.getProposalsList().stream()
              .anyMatch(p -> p.getPayload().equals(proposal.payload()) && sameSigners(p, proposal));
      if (!known) {
        push(stub, proposal);
      }
    }
  }

  private static void push(
      ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub, DsseEnvelope list) {
    var _ =
        stub.withDeadlineAfter(CALL_LIMIT)
            .signProposal(SignProposalRequest.newBuilder().setProposal(list.toProto()).build());
  }

  private GetConsortiumResponse pull(ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub) {
    for (int round = 0; round < ROUNDS_MAX; round++) {
      GetConsortiumResponse theirs =
          stub.getConsortium(
              GetConsortiumRequest.newBuilder()
                  .setAfterVersion(members.current().version())
                  .build());
      if (theirs.getChainCount() == 0) {
        theirs.getProposalsList().stream().limit(Proposals.MAX).forEach(this::take);
        return theirs;
      }
      if (members.extend(theirs.getChainList().stream().map(DsseEnvelope::fromProto).toList())) {
        LOG.info("membership list is now version {}", members.current().version());
      }
    }
    return GetConsortiumResponse.getDefaultInstance();
  }

  private void take(Envelope proposal) {
    try {
      proposals.merge(DsseEnvelope.fromProto(proposal));
    } catch (ParleyException e) {
      LOG.debug("a proposal from a peer is not usable: {}", e.getMessage());
    }
  }

  private static boolean sameSigners(Envelope theirs, DsseEnvelope ours) {
    return theirs.getSignaturesCount() >= ours.signatures().size();
  }

  private void updateBroker() {
    Membership current = members.current();
    if (brokerVersion >= current.version() || current.find(party).isEmpty()) {
      return;
    }
    Broker broker = current.broker();
    try {
      Channel channel = connections.broker(broker);
      var stub = MembershipServiceGrpc.newBlockingStub(channel).withDeadlineAfter(CALL_LIMIT);
      long theirs = stub.getMembership(GetMembershipRequest.getDefaultInstance()).getChainCount();
      if (theirs < current.version()) {
        UpdateMembershipRequest update =
            UpdateMembershipRequest.newBuilder()
                .addAllChain(
                    members.chain().after(theirs).stream().map(DsseEnvelope::toProto).toList())
                .build();
        theirs = stub.withDeadlineAfter(CALL_LIMIT).updateMembership(update).getVersion();
      }
      brokerVersion = theirs;
    } catch (StatusRuntimeException e) {
      LOG.debug("the broker did not take the membership list: {}", e.getStatus());
    }
  }
}
