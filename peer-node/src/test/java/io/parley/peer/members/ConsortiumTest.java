package io.parley.peer.members;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.ManagedChannel;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Invitation;
import io.parley.identity.Member;
import io.parley.identity.MembershipChain;
import io.parley.identity.PartyIdentity;
import io.parley.peer.cli.Captured;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.GetConsortiumRequest;
import io.parley.proto.peer.v1.SignProposalRequest;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.transport.ReservedPorts;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Parties that meet, by the command and over the real TLS. */
class ConsortiumTest {
  private static final ReservedPorts PORTS = new ReservedPorts();
  private static final Clock CLOCK = Clock.systemUTC();
  private static final Clock TOMORROW_AND_MORE = Clock.offset(CLOCK, Duration.ofHours(25));

  @TempDir Path folder;
  private final List<TestNode> running = new ArrayList<>();
  private final Map<String, String> addresses = new LinkedHashMap<>();

  @BeforeEach
  void foundAtA() throws IOException {
    BrokerIdentity.create(folder.resolve("broker/identity"), "broker", CLOCK, new SecureRandom());
    Files.writeString(
        folder.resolve("broker/broker.yaml"),
        "listen: \"127.0.0.1:1\"\nmembership: \"membership\"\n");
    identity("a");
    run(
            "a",
            "consortium",
            "init",
            "--name",
            "demo",
            "--address",
            address("a"),
            "--broker",
            home("broker").toString())
        .ok();
  }

  @AfterEach
  void stop() {
    running.forEach(TestNode::close);
  }

  @Test
  void aPartyJoinsWhenAllHaveSigned() throws IOException {
    TestNode a = start("a");
    Captured joining = join("b", invitation("a")).ok();
    assertThat(joining.err()).contains("Asked.").contains("Your CA's fingerprint");
    assertThat(a.current().names()).containsExactly("a");
    assertThat(run("a", "consortium", "show").ok().out())
        .contains("joining")
        .contains("waits for a");

    Captured approval = run("a", "consortium", "approve", "b", "--yes").ok();
    assertThat(approval.err())
        .contains("joins b")
        .contains("CA sha256:")
        .contains("All have signed");
    assertThat(a.current().names()).containsExactly("a", "b");

    TestNode b = start("b");
    await().atMost(Duration.ofSeconds(15)).until(() -> b.current().version() == 2);
    assertThat(b.current()).isEqualTo(a.current());
  }

  @Test
  void aThirdNeedsEverySignatureAndEveryNodeHearsOfIt() throws IOException {
    TestNode a = start("a");
    TestNode b = meet("b");
    Captured joining = join("c", invitation("b"));
    joining.ok();
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> assertThat(run("a", "consortium", "show").ok().out()).contains("joining"));
    run("a", "consortium", "approve", "c", "--yes").ok();
    assertThat(a.current().names()).doesNotContain("c");
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> assertThat(run("b", "consortium", "show").ok().out()).contains("waits for b"));
    run("b", "consortium", "approve", "c", "--yes").ok();
    await().atMost(Duration.ofSeconds(15)).until(() -> a.current().version() == 3);
    assertThat(b.current().names()).containsExactly("a", "b", "c");
  }

  @Test
  void anInvitationIsGoodForOnePartyOnly() throws IOException {
    start("a");
    String invitation = invitation("a");
    join("b", invitation).ok();
    join("b", invitation).ok();
    Captured second = join("c", invitation);
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.err()).startsWith("parley: INVALID_INVITATION: ");
  }

  @Test
  void anExpiredInvitationIsRefusedByBothSides() throws IOException {
    String invitation;
    try (TestNode today = new TestNode(home("a"), address("a"), CLOCK)) {
      invitation = invitation("a");
      assertThat(today.current().version()).isEqualTo(1);
    }
    running.add(new TestNode(home("a"), address("a"), TOMORROW_AND_MORE));
    identity("b");
    Captured late =
        Captured.run(home("b"), TOMORROW_AND_MORE, "", false, joinArgs("b", invitation));
    assertThat(late.err()).startsWith("parley: INVALID_INVITATION: ").contains("expired");
    // A joiner whose clock is behind gets as far as the inviter's node, and no further.
    Captured behind = join("b", invitation);
    assertThat(behind.err()).startsWith("parley: INVALID_INVITATION: ");
  }

  @Test
  void aForgedInvitationIsRefused() throws IOException {
    start("a");
    Invitation real = Invitation.parse(invitation("a"));
    byte[] other = real.secret().toByteArray();
    other[0] ^= 1;
    Invitation forged =
        new Invitation(
            real.consortium(),
            real.inviter(),
            real.address(),
            real.caSha256(),
            com.google.protobuf.ByteString.copyFrom(other),
            real.expires());
    assertThat(join("b", forged.encode()).err()).startsWith("parley: INVALID_INVITATION: ");
  }

  @Test
  void aJoinerTalksToTheInviterOnly() throws IOException {
    start("a");
    Invitation real = Invitation.parse(invitation("a"));
    Invitation elsewhere =
        new Invitation(
            real.consortium(),
            real.inviter(),
            real.address(),
            Digest.of(new byte[] {1}),
            real.secret(),
            real.expires());
    Captured run = join("b", elsewhere.encode());
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err()).startsWith("parley: UNAUTHENTICATED: ");
    assertThat(home("b").resolve("consortium")).doesNotExist();
    join("c", real.encode()).ok();
  }

  @Test
  void onlyTheSecretsDigestIsKept() throws IOException {
    start("a");
    Invitation invitation = Invitation.parse(invitation("a"));
    try (var files = Files.walk(home("a").resolve("consortium"))) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        assertThat(com.google.protobuf.ByteString.copyFrom(Files.readAllBytes(file)).toStringUtf8())
            .doesNotContain(invitation.secret().toStringUtf8());
      }
    }
  }

  @Test
  void aStrangerIsRefused() throws IOException {
    TestNode a = start("a");
    try (PartyIdentity stranger = PartyIdentity.generate("stranger", CLOCK, new SecureRandom())) {
      ManagedChannel channel =
          Channels.open(
              address("a"),
              new MutualTls(CLOCK),
              stranger.node().tls(),
              new ExpectedServer.NodeOf("a", a.members));
      try {
        assertRefused(channel, Reason.UNAUTHENTICATED);
      } finally {
        channel.shutdownNow();
      }
    }
  }

  @Test
  void whoShowsNoCertificateMayOnlyKnock() throws IOException {
    start("a");
    Invitation invitation = Invitation.parse(invitation("a"));
    ManagedChannel channel =
        Channels.openAsStranger(
            address("a"),
            new MutualTls(CLOCK),
            new ExpectedServer.Pinned("a", invitation.caSha256()));
    try {
      assertRefused(channel, Reason.UNAUTHENTICATED);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aRemovedMemberIsRefused() throws IOException {
    TestNode a = start("a");
    TestNode b = meet("b");
    assertThat(run("b", "consortium", "show").code()).isZero();
    run("a", "consortium", "remove", "b", "--yes").ok();
    assertThat(a.current().names()).containsExactly("a");
    ManagedChannel channel =
        Channels.open(
            address("a"),
            new MutualTls(CLOCK),
            io.parley.identity.NodeIdentity.load(home("b").resolve("identity")).tls(),
            new ExpectedServer.NodeOf("a", b.members));
    try {
      assertRefused(channel, Reason.UNAUTHENTICATED);
    } finally {
      channel.shutdownNow();
    }
  }

  @Test
  void aForkIsRefused() throws IOException {
    TestNode a = start("a");
    meet("b");
    MembershipChain chain = a.members.chain();
    DsseEnvelope fork;
    try (PartyIdentity evil = PartyIdentity.generate("evil", CLOCK, new SecureRandom());
        PartyIdentity other = PartyIdentity.generate("other", CLOCK, new SecureRandom())) {
      MembershipChain another =
          MembershipChain.found(
              "demo",
              CLOCK.instant(),
              evil.member("127.0.0.1:1"),
              chain.current().broker(),
              evil.signingKey());
      fork = another.proposeJoin(other.member("127.0.0.1:2"), CLOCK.instant());
    }
    Path before = home("a").resolve("consortium/0002.dsse");
    byte[] bytes = Files.readAllBytes(before);
    assertThatThrownBy(() -> a.members.extend(List.of(fork)))
        .isInstanceOfSatisfying(
            ParleyException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.MEMBERSHIP_OUTDATED));
    assertThat(before).hasBinaryContent(bytes);
    assertThatThrownBy(() ->
            call(a, "b")
                .signProposal(SignProposalRequest.newBuilder().setProposal(fork.toProto()).build()))
        .satisfies(e ->
            assertThat(Channels.failure(e, Reason.INTERNAL).reason())
                .isEqualTo(Reason.MEMBERSHIP_OUTDATED));
  }

  @Test
  void aProposalThatNobodySignedIsNotKept() throws IOException {
    TestNode a = start("a");
    TestNode b = meet("b");
    DsseEnvelope unsigned = a.members.chain().proposeRemoval("a", CLOCK.instant());
    assertThatThrownBy(() ->
            call(b, "a")
                .signProposal(
                    SignProposalRequest.newBuilder().setProposal(unsigned.toProto()).build()))
        .satisfies(e ->
            assertThat(Channels.failure(e, Reason.INTERNAL).reason())
                .isEqualTo(Reason.INVALID_SIGNATURE));
    assertThat(b.sync.proposals().open()).isEmpty();
  }

  @Test
  void aNodeThatWasDownCatchesUp() throws IOException {
    TestNode a = start("a");
    TestNode b = meet("b");
    stop(b);
    join("c", invitation("a")).ok();
    run("a", "consortium", "approve", "c", "--yes").ok();
    assertThat(a.current().version()).isEqualTo(2);
    TestNode again = start("b");
    await()
        .atMost(Duration.ofSeconds(15))
        .untilAsserted(
            () -> assertThat(run("b", "consortium", "show").ok().out()).contains("waits for b"));
    run("b", "consortium", "approve", "c", "--yes").ok();
    assertThat(again.current().names()).containsExactly("a", "b", "c");
    await().atMost(Duration.ofSeconds(15)).until(() -> a.current().version() == 3);
  }

  @Test
  void nobodySignsTwoListsOfOneVersion() throws IOException {
    TestNode a = start("a");
    meet("b");
    join("c", invitation("a")).ok();
    join("d", invitation("a")).ok();
    run("a", "consortium", "approve", "c", "--yes").ok();
    Captured second = run("a", "consortium", "approve", "d", "--yes");
    assertThat(second.code()).isEqualTo(3);
    assertThat(second.err()).contains("ALREADY_EXISTS").contains("signed another list");
    assertThat(a.current().version()).isEqualTo(2);
  }

  @Test
  void withoutYesAndWithoutATerminalNothingIsSigned() throws IOException {
    TestNode a = start("a");
    join("b", invitation("a")).ok();
    Captured run = run("a", "consortium", "approve", "b");
    assertThat(run.code()).isEqualTo(5);
    assertThat(a.current().version()).isEqualTo(1);
    Captured no = Captured.run(home("a"), CLOCK, "n\n", true, "consortium", "approve", "b");
    assertThat(no.code()).isEqualTo(5);
    Captured yes = Captured.run(home("a"), CLOCK, "yes\n", true, "consortium", "approve", "b");
    assertThat(yes.code()).isZero();
    assertThat(a.current().version()).isEqualTo(2);
  }

  @Test
  void anAnalystCannotInvite() throws IOException {
    start("a");
    run("a", "identity", "issue", "--role", "analyst", "--name", "ada").ok();
    Captured run = run("a", "--as", "ada", "consortium", "invite");
    assertThat(run.code()).isEqualTo(3);
    assertThat(run.err()).startsWith("parley: ROLE_MISSING: ");
  }

  @Test
  void aListThatWasChangedOnDiskStopsTheNode() throws IOException {
    Path file = home("a").resolve("consortium/0001.dsse");
    byte[] bytes = Files.readAllBytes(file);
    bytes[bytes.length / 2] ^= 1;
    Files.write(file, bytes);
    assertThatThrownBy(() -> MembershipStore.open(home("a").resolve("consortium")))
        .isInstanceOf(ParleyException.class);
  }

  private ConsortiumServiceGrpc.ConsortiumServiceBlockingStub call(TestNode to, String from) {
    String party =
        to.current().names().stream().filter(n -> !n.equals(from)).findFirst().orElseThrow();
    ManagedChannel channel =
        Channels.open(
            address(party),
            new MutualTls(CLOCK),
            io.parley.identity.NodeIdentity.load(home(from).resolve("identity")).tls(),
            new ExpectedServer.NodeOf(party, to.members));
    closing.add(channel);
    return ConsortiumServiceGrpc.newBlockingStub(channel);
  }

  private final List<ManagedChannel> closing = new ArrayList<>();

  @AfterEach
  void closeChannels() {
    closing.forEach(ManagedChannel::shutdownNow);
  }

  private static void assertRefused(ManagedChannel channel, Reason reason) {
    assertThatThrownBy(() ->
            ConsortiumServiceGrpc.newBlockingStub(channel)
                .getConsortium(GetConsortiumRequest.getDefaultInstance()))
        .satisfies(e ->
            assertThat(Channels.failure(e, Reason.INTERNAL).reason())
                .isIn(reason, Reason.NOT_A_MEMBER));
  }

  private TestNode meet(String party) throws IOException {
    join(party, invitation("a")).ok();
    for (Member member : running.getFirst().current().members()) {
      run(member.name(), "consortium", "approve", party, "--yes").ok();
    }
    TestNode node = start(party);
    await().atMost(Duration.ofSeconds(15)).until(() -> node.current().find(party).isPresent());
    return node;
  }

  private TestNode start(String party) throws IOException {
    TestNode node = new TestNode(home(party), address(party), CLOCK);
    running.add(node);
    return node;
  }

  private void stop(TestNode node) {
    running.remove(node);
    node.close();
  }

  private String invitation(String party) {
    return run(party, "consortium", "invite").ok().out().strip();
  }

  private Captured join(String party, String invitation) {
    if (!Files.exists(home(party).resolve("identity"))) {
      identity(party);
    }
    return run(party, joinArgs(party, invitation));
  }

  private String[] joinArgs(String party, String invitation) {
    return new String[] {"consortium", "join", invitation, "--address", address(party), "--yes"};
  }

  private void identity(String party) {
    run(party, "identity", "create", "--party", party, "--listen", address(party)).ok();
  }

  private Captured run(String party, String... args) {
    return Captured.run(home(party), args);
  }

  private Path home(String party) {
    return folder.resolve(party);
  }

  private String address(String party) {
    return addresses.computeIfAbsent(party, _ -> "127.0.0.1:" + PORTS.next());
  }
}
