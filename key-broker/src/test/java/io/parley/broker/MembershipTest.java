package io.parley.broker;

import static io.parley.broker.TestBroker.refused;
import static io.parley.broker.TestConsortium.HOSPITAL;
import static io.parley.broker.TestConsortium.INSURER;
import static io.parley.broker.TestConsortium.REGISTRY;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.parley.agreement.DsseEnvelope;
import io.parley.broker.members.MembershipFolder;
import io.parley.identity.MembershipChain;
import io.parley.identity.PartyIdentity;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.GetMembershipRequest;
import io.parley.proto.broker.v1.ListDecisionsRequest;
import io.parley.proto.broker.v1.LogServiceGrpc;
import io.parley.proto.broker.v1.UpdateMembershipRequest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MembershipTest {
  @TempDir Path folder;
  private TestBroker broker;

  @BeforeEach
  void start() throws Exception {
    broker = TestBroker.start(folder.resolve("broker"));
  }

  @AfterEach
  void stop() {
    broker.close();
  }

  @Test
  void theChainIsServedWhole() {
    assertThat(
            broker
                .members(HOSPITAL)
                .getMembership(GetMembershipRequest.getDefaultInstance())
                .getChainList())
        .isEqualTo(
            broker.consortium().chain().envelopes().stream().map(DsseEnvelope::toProto).toList());
  }

  @Test
  void aRemovedMemberIsShutOutAtOnceAlsoOnAnOpenConnectionAndAfterARestart() {
    assertThat(broker.decisions(REGISTRY)).isNotEmpty();
    DsseEnvelope without = removal();
    assertThat(update(HOSPITAL, without)).isEqualTo(4);
    refused(Reason.NOT_A_MEMBER, () -> broker.decisions(REGISTRY));
    broker.restartUnwitnessed();
    assertThat(catchThrowable(() -> broker.decisions(REGISTRY))).isNotNull();
    assertThat(broker.decisions(HOSPITAL)).extracting(Decision::getAction).contains("membership");
    assertThat(update(HOSPITAL, without)).isEqualTo(4);
  }

  @Test
  void aStrangersCertificateIsRefused() {
    PartyIdentity stranger = PartyIdentity.generate(HOSPITAL, broker.time(), new SecureRandom());
    var channel = broker.open(stranger.node().tls());
    try {
      refused(
          Reason.UNAUTHENTICATED,
          () ->
              LogServiceGrpc.newBlockingStub(channel)
                  .listDecisions(ListDecisionsRequest.getDefaultInstance()));
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aListWithoutAllSignaturesIsRefused() {
    MembershipChain chain = broker.consortium().chain();
    DsseEnvelope proposal = chain.proposeRemoval(REGISTRY, broker.time().instant());
    DsseEnvelope half =
        chain.addSignature(
            proposal,
            chain.sign(proposal, HOSPITAL, broker.consortium().party(HOSPITAL).signingKey()));
    refused(Reason.INVALID_MEMBERSHIP, () -> update(HOSPITAL, half));
  }

  @Test
  void aForkAndAGapAreRefused() {
    DsseEnvelope four = removal();
    broker.time().pass(java.time.Duration.ofSeconds(5));
    DsseEnvelope fork = removal();
    MembershipChain longer = broker.consortium().chain().append(four);
    DsseEnvelope five =
        signByBoth(longer, longer.proposeRemoval(INSURER, broker.time().instant()), HOSPITAL);
    refused(Reason.MEMBERSHIP_OUTDATED, () -> update(HOSPITAL, five));
    update(HOSPITAL, four);
    refused(Reason.MEMBERSHIP_OUTDATED, () -> update(HOSPITAL, fork));
  }

  @Test
  void aListThatNamesAnotherBrokerIsRefused() {
    MembershipChain chain = broker.consortium().chain();
    var other =
        new io.parley.identity.Broker(
            "other",
            io.parley.identity.SigningKey.generate(new SecureRandom()).verifyingKey(),
            PartyIdentity.generate("other", broker.time(), new SecureRandom()).ca().certificate(),
            "127.0.0.1:1");
    DsseEnvelope moved =
        broker
            .consortium()
            .signed(chain.propose(chain.current().members(), other, broker.time().instant()));
    refused(Reason.INVALID_MEMBERSHIP, () -> update(HOSPITAL, moved));
  }

  @Test
  void aFolderOfAnotherConsortiumIsRefusedAtStart() throws Exception {
    broker.close();
    TestConsortium other =
        new TestConsortium(
            () -> broker.time().instant().plusSeconds(1),
            broker.consortium().chain().current().broker());
    other.write(broker.home().folder().resolve("consortium"));
    assertThatThrownBy(broker::restart)
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("fork");
    broker.consortium().write(broker.home().folder().resolve("consortium"));
    broker.restart();
  }

  @Test
  void aFolderWithoutListsIsRefused() throws Exception {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    assertThatThrownBy(() -> MembershipFolder.read(empty))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("consortium init");
  }

  private DsseEnvelope removal() {
    MembershipChain chain = broker.consortium().chain();
    return broker.consortium().signed(chain.proposeRemoval(REGISTRY, broker.time().instant()));
  }

  private DsseEnvelope signByBoth(MembershipChain chain, DsseEnvelope proposal, String... names) {
    DsseEnvelope signed = proposal;
    for (String name : names) {
      signed =
          chain.addSignature(
              signed, chain.sign(signed, name, broker.consortium().party(name).signingKey()));
    }
    return signed;
  }

  private long update(String party, DsseEnvelope... lists) {
    return broker
        .members(party)
        .updateMembership(
            UpdateMembershipRequest.newBuilder()
                .addAllChain(List.of(lists).stream().map(DsseEnvelope::toProto).toList())
                .build())
        .getVersion();
  }
}
