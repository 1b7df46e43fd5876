package io.parley.peer.cli;

import io.grpc.ManagedChannel;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.identity.Broker;
import io.parley.identity.Invitation;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.identity.MembershipCodec;
import io.parley.identity.PartyIdentity;
import io.parley.identity.SigningKey;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.peer.members.MembershipStore;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.peer.v1.ConsortiumServiceGrpc;
import io.parley.proto.peer.v1.CreateInvitationRequest;
import io.parley.proto.peer.v1.GetConsortiumRequest;
import io.parley.proto.peer.v1.JoinRequest;
import io.parley.proto.peer.v1.JoinResponse;
import io.parley.proto.peer.v1.ProposeRemovalRequest;
import io.parley.proto.peer.v1.SignProposalRequest;
import io.parley.proto.peer.v1.SignProposalResponse;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "consortium",
    description = "The parties that know each other: a list that each of them has signed.",
    footer = {
      "How two parties meet:",
      "  at the first:   parley consortium init --name health --address a.example:7700 --broker DIR",
      "                  parley peer serve",
      "                  parley consortium invite > invitation.txt     hand it over, out of band",
      "  at the second:  parley consortium join invitation.txt --address b.example:7700",
      "                  parley peer serve",
      "  at the first:   parley consortium approve SECOND              compare fingerprints first",
    })
final class ConsortiumCommands {
  private static final long CALL_SECONDS = 30;
  private static final long WAIT_POLL_MILLIS = 500;

  private final Session session;

  ConsortiumCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "init",
      description = "Founds a consortium with your party as its first member.",
      footer = {
        "--broker takes the home of a broker on this machine, or a file (or the line itself) that",
        "'parley broker show' wrote on another.",
        "",
        "Examples:",
        "  parley consortium init --name health --address node.a.example.org:7700 --broker ~/.parley/broker",
        "  parley consortium init --name health --address node.a.example.org:7700 --broker broker.txt",
      })
  int init(
      @Option(
              names = "--name",
              paramLabel = "NAME",
              required = true,
              description = "Of the consortium: lower-case letters, digits and hyphens.")
          String name,
      @Option(
              names = "--address",
              paramLabel = "HOST:PORT",
              required = true,
              description = "Where the other members reach your node.")
          String address,
      @Option(
              names = "--broker",
              paramLabel = "DIR|FILE|LINE",
              required = true,
              description = "The key broker of the consortium.")
          String broker,
      @Option(
              names = "--broker-address",
              paramLabel = "HOST:PORT",
              description = "Where members reach the broker. Default: as its home or line says.")
          @Nullable String brokerAddress)
      throws IOException {
    PartyHome home = session.party();
    Broker known = BrokerLine.resolve(broker, brokerAddress);
    MembershipChain chain;
    try (PartyIdentity identity = load(home)) {
      chain =
          MembershipChain.found(
              name,
              session.terminal().clock().instant(),
              identity.member(address),
              known,
              identity.signingKey());
    }
    MembershipStore.create(home.consortium(), chain);
    Path brokerHome = Path.of(broker);
    if (Files.isDirectory(brokerHome)) {
      copyFirstList(chain, brokerHome);
    }
    session
        .notices()
        .say("Founded '" + name + "'. Next: parley peer serve, then parley consortium invite");
    return show();
  }

  /** A broker on this machine starts from the lists in the folder that its configuration names. */
  private void copyFirstList(MembershipChain chain, Path brokerHome) {
    Path folder = BrokerLine.membershipFolder(brokerHome);
    if (!folder.equals(session.party().consortium()) && !MembershipStore.exists(folder)) {
      MembershipStore.create(folder, chain);
    }
  }

  @Command(
      name = "invite",
      description = "Makes an invitation: one line that lets one party ask to join, once.",
      footer = {
        "Hand it over by a way that you trust; it is a secret until it is used.",
        "",
        "Example:",
        "  parley consortium invite --valid 2h > invitation.txt",
      })
  int invite(
      @Option(
              names = "--valid",
              paramLabel = "TIME",
              defaultValue = "24h",
              converter = Durations.class,
              description = "For how long. Default: ${DEFAULT-VALUE}, at most 30d.")
          Duration valid) {
    CreateInvitationRequest request =
        CreateInvitationRequest.newBuilder().setValidFor(Durations.proto(valid)).build();
    String line =
        NodeClient.call(
            () -> session.node().consortium().createInvitation(request).getInvitation());
    session.terminal().out().println(line);
    session
        .notices()
        .say("Good once, for " + valid + ". The others then say: parley consortium approve PARTY");
    return ExitCode.OK;
  }

  @Command(
      name = "join",
      description = "Asks to become a member, with an invitation.",
      footer = {
        "Shows the list that you would be on and the broker that you would trust, then signs it with",
        "your party's key. You are a member when all the others have signed it too.",
        "",
        "Example:",
        "  parley consortium join invitation.txt --address node.b.example.org:7700",
      })
  int join(
      @Parameters(
              paramLabel = "INVITATION|FILE",
              description = "The line, or a file that holds it; - for standard input.")
          String invitation,
      @Option(
              names = "--address",
              paramLabel = "HOST:PORT",
              required = true,
              description = "Where the other members reach your node.")
          String address,
      @Option(names = "--wait", description = "Wait until all have signed.") boolean wait,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes)
      throws IOException {
    PartyHome home = session.party();
    Invitation parsed = Invitation.parse(text(invitation));
    parsed.requireNotExpired(session.terminal().clock().instant());
    try (PartyIdentity identity = load(home)) {
      Member member = identity.member(address);
      ManagedChannel channel = Dial.invited(parsed, session.terminal().clock());
      session.closeLater(channel::shutdownNow);
      var stub = ConsortiumServiceGrpc.newBlockingStub(channel);
      JoinRequest.Builder request =
          JoinRequest.newBuilder()
              .setSecret(parsed.secret())
              .setMember(MembershipCodec.toProto(member));
      JoinResponse answer = join(stub, request.build());
      MembershipChain chain = verified(answer, parsed);
      if (answer.hasProposal()) {
        DsseEnvelope proposal = DsseEnvelope.fromProto(answer.getProposal());
        requireOnlyJoins(chain, proposal, member);
        session.showOnErr(proposed(chain.open(proposal, true), parsed.inviter()));
        session.confirm(
            "Join consortium '%s' as '%s'?".formatted(parsed.consortium(), member.name()), yes);
        DsseSignature signature = chain.sign(proposal, member.name(), identity.signingKey());
        request.setSignature(
            Signature.newBuilder().setKeyid(signature.keyId()).setSig(signature.sig()));
        answer = join(stub, request.build());
        chain = verified(answer, parsed);
      }
      while (wait && answer.hasProposal()) {
        pause();
        answer = join(stub, request.build());
        chain = verified(answer, parsed);
      }
      keep(home, chain);
      boolean member2 = chain.current().find(member.name()).isPresent();
      session
          .notices()
          .say(
              member2
                  ? "'" + member.name() + "' is a member."
                  : "Asked. The others now say: parley consortium approve " + member.name());
      session.notices().say("Your CA's fingerprint, for them to compare: " + member.ca().sha256());
    }
    return show();
  }

  private static JoinResponse join(
      ConsortiumServiceGrpc.ConsortiumServiceBlockingStub stub, JoinRequest request) {
    return NodeClient.call(
        () -> stub.withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS).join(request));
  }

  private static MembershipChain verified(JoinResponse answer, Invitation invitation) {
    MembershipChain chain =
        MembershipChain.verify(
            answer.getChainList().stream().map(DsseEnvelope::fromProto).toList());
    invitation.requireMatches(chain.current());
    return chain;
  }

  /** What we sign takes us in, and changes nothing else. */
  private static void requireOnlyJoins(MembershipChain chain, DsseEnvelope proposal, Member self) {
    Membership next = chain.open(proposal, true);
    List<Member> expected = new ArrayList<>(chain.current().members());
    expected.add(self);
    boolean fits =
        new java.util.HashSet<>(next.members()).equals(new java.util.HashSet<>(expected))
            && next.broker().equals(chain.current().broker());
    if (!fits) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "the proposed list is not the present one with '%s' added; not signed"
              .formatted(self.name()));
    }
  }

  private static void keep(PartyHome home, MembershipChain chain) {
    if (MembershipStore.exists(home.consortium())) {
      var _ = MembershipStore.open(home.consortium()).extend(chain.envelopes());
    } else {
      MembershipStore.create(home.consortium(), chain);
    }
  }

  @Command(
      name = "approve",
      description = "Signs the list that takes a party in, or leaves one out.",
      footer = {
        "Compare the fingerprint that is shown with the one that the party tells you.",
        "",
        "Example:",
        "  parley consortium approve insurer",
      })
  int approve(
      @Parameters(paramLabel = "PARTY", description = "Who comes or goes.") String party,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    MembershipChain chain = upToDate();
    List<DsseEnvelope> about = new ArrayList<>();
    for (DsseEnvelope proposal : proposals(chain)) {
      Membership next = chain.open(proposal, true);
      boolean joins = next.find(party).isPresent() && chain.current().find(party).isEmpty();
      boolean leaves = next.find(party).isEmpty() && chain.current().find(party).isPresent();
      if (joins || leaves) {
        about.add(proposal);
      }
    }
    if (about.isEmpty()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          chain.current().find(party).isPresent()
              ? "'%s' is a member, and nothing about it waits for signatures".formatted(party)
              : "nothing about '%s' waits for signatures".formatted(party),
          Map.of("party", party));
    }
    return sign(chain, about.getFirst(), yes);
  }

  @Command(
      name = "remove",
      description = "Proposes a list without a party and signs it; all others must sign it too.",
      footer = {"Example:", "  parley consortium remove insurer"})
  int remove(
      @Parameters(paramLabel = "PARTY", description = "Who goes.") String party,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    MembershipChain chain = upToDate();
    ProposeRemovalRequest request = ProposeRemovalRequest.newBuilder().setParty(party).build();
    DsseEnvelope proposal =
        DsseEnvelope.fromProto(
            NodeClient.call(
                () -> session.node().consortium().proposeRemoval(request).getProposal()));
    TreeSet<String> rest = new TreeSet<>(chain.current().names());
    rest.remove(party);
    if (!chain.open(proposal, true).names().equals(rest)) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "the node proposed something else than was asked; not signed");
    }
    return sign(chain, proposal, yes);
  }

  private int sign(MembershipChain chain, DsseEnvelope proposal, boolean yes) {
    Membership next = chain.open(proposal, true);
    String self = session.party().name();
    requireFirst(chain, proposal, self);
    session.showOnErr(changes(chain.current(), next));
    session.confirm("Sign version " + next.version() + " of the membership list?", yes);
    DsseEnvelope signed;
    try (SigningKey key = session.party().signingKey()) {
      signed = chain.addSignature(proposal, chain.sign(proposal, self, key));
    }
    SignProposalRequest request =
        SignProposalRequest.newBuilder().setProposal(signed.toProto()).build();
    SignProposalResponse answer =
        NodeClient.call(() -> session.node().consortium().signProposal(request));
    session
        .notices()
        .say(
            answer.getComplete()
                ? "All have signed: version " + next.version() + " is in force."
                : "Signed. Still missing: "
                    + chain.missing(DsseEnvelope.fromProto(answer.getProposal())));
    return show();
  }

  /** Two lists of one version, both signed by all, would split the consortium. */
  private void requireFirst(MembershipChain chain, DsseEnvelope proposal, String self) {
    for (DsseEnvelope other : proposals(chain)) {
      if (!other.digest().equals(proposal.digest()) && !chain.missing(other).contains(self)) {
        throw new RefusedException(
            Reason.ALREADY_EXISTS,
            "'%s' has signed another list of version %d already (%s); let that one come through first"
                .formatted(self, chain.current().version() + 1, chain.open(other, true).names()));
      }
    }
  }

  @Command(
      name = "show",
      description = "The members, the broker, and what waits for signatures.",
      footer = {"Example:", "  parley consortium show --output json"})
  int show() {
    MembershipStore store = session.party().membership();
    var _ = store.reload();
    List<DsseEnvelope> waiting = List.of();
    try {
      MembershipChain chain = upToDate();
      waiting = proposals(chain);
    } catch (ParleyException e) {
      session
          .notices()
          .say("The node does not answer; this is what is on disk. (" + e.reason() + ")");
    }
    Membership current = store.current();
    List<List<@Nullable Object>> rows = new ArrayList<>();
    for (Member member : current.members()) {
      rows.add(row("member", member, ""));
    }
    for (DsseEnvelope proposal : waiting) {
      Membership next = store.chain().open(proposal, true);
      String missing = "waits for " + String.join(", ", store.chain().missing(proposal));
      next.members().stream()
          .filter(member -> current.find(member.name()).isEmpty())
          .forEach(member -> rows.add(row("joining", member, missing)));
      current.members().stream()
          .filter(member -> next.find(member.name()).isEmpty())
          .forEach(member -> rows.add(row("leaving", member, missing)));
    }
    rows.add(
        Arrays.asList(
            "broker",
            current.broker().name(),
            current.broker().address(),
            current.broker().digest().toString(),
            ""));
    session
        .notices()
        .say("Consortium '" + current.consortium() + "', version " + current.version());
    session
        .printer()
        .list(
            List.of(
                Column.text("what"),
                Column.text("name"),
                Column.text("address"),
                Column.text("fingerprint"),
                Column.text("note")),
            rows);
    return ExitCode.OK;
  }

  /** Our own copy of the chain, with what our node knows beyond it; every list checked. */
  private MembershipChain upToDate() {
    MembershipStore store = session.party().membership();
    var _ = store.reload();
    boolean more;
    do {
      GetConsortiumRequest request =
          GetConsortiumRequest.newBuilder().setAfterVersion(store.current().version()).build();
      var answer = NodeClient.call(() -> session.node().consortium().getConsortium(request));
      more = store.extend(answer.getChainList().stream().map(DsseEnvelope::fromProto).toList());
    } while (more);
    return store.chain();
  }

  private List<DsseEnvelope> proposals(MembershipChain chain) {
    GetConsortiumRequest request =
        GetConsortiumRequest.newBuilder().setAfterVersion(chain.current().version()).build();
    return NodeClient.call(() -> session.node().consortium().getConsortium(request))
        .getProposalsList()
        .stream()
        .map(DsseEnvelope::fromProto)
        .filter(proposal -> follows(chain, proposal))
        .toList();
  }

  private static boolean follows(MembershipChain chain, DsseEnvelope proposal) {
    try {
      return chain.open(proposal, true).version() > 0;
    } catch (RefusedException e) {
      return false;
    }
  }

  private static Map<String, @Nullable Object> proposed(Membership next, String inviter) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("consortium", next.consortium());
    fields.put("invited by", inviter);
    next.members()
        .forEach(m -> fields.put("member " + m.name(), m.address() + " CA " + m.ca().sha256()));
    fields.put(
        "broker " + next.broker().name(),
        next.broker().address() + " key " + next.broker().digest());
    return fields;
  }

  private static Map<String, @Nullable Object> changes(Membership current, Membership next) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("consortium", next.consortium());
    fields.put("version", next.version());
    next.members().stream()
        .filter(m -> !current.members().contains(m))
        .forEach(m ->
            fields.put(
                (current.find(m.name()).isPresent() ? "changes " : "joins ") + m.name(),
                fingerprint(m)));
    current.members().stream()
        .filter(m -> next.find(m.name()).isEmpty())
        .forEach(m -> fields.put("leaves " + m.name(), fingerprint(m)));
    if (!next.broker().equals(current.broker())) {
      fields.put("new broker", next.broker().address() + " key " + next.broker().digest());
    }
    fields.put("stay", next.names().stream().filter(n -> current.find(n).isPresent()).toList());
    return fields;
  }

  private static String fingerprint(Member member) {
    return member.address()
        + " CA "
        + member.ca().sha256()
        + " signing key "
        + member.party().signingKey().digest();
  }

  private static List<@Nullable Object> row(String what, Member member, String note) {
    return Arrays.asList(
        what, member.name(), member.address(), member.ca().sha256().toString(), note);
  }

  private PartyIdentity load(PartyHome home) {
    return PartyIdentity.load(
        home.identity(), session.terminal().clock(), session.terminal().random());
  }

  private String text(String invitation) throws IOException {
    if (invitation.equals("-")) {
      return new String(
          session.terminal().in().readNBytes(1 << 16), java.nio.charset.StandardCharsets.UTF_8);
    }
    return invitation.startsWith("parley-invitation:")
        ? invitation
        : Files.readString(Path.of(invitation));
  }

  private static void pause() {
    try {
      Thread.sleep(WAIT_POLL_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.CANCELLED, "interrupted");
    }
  }
}
