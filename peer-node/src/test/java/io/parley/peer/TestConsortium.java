package io.parley.peer;

import static org.awaitility.Awaitility.await;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.Keep;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Shape;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.ClientCertificates;
import io.parley.identity.Member;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.broker.Judgement;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.grpc.NodeChannels;
import io.parley.peer.testing.FakeBroker;
import io.parley.peer.testing.FakeEnclaves;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.broker.v1.AgreementState;
import io.parley.proto.peer.v1.AddDatasetRequest;
import io.parley.proto.peer.v1.AddDatasetResponse;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.DatasetHead;
import io.parley.proto.peer.v1.DatasetServiceGrpc;
import io.parley.proto.peer.v1.GetJobRequest;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.JobState;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.MutualTls;
import io.parley.transport.ReservedPorts;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Whole nodes in one JVM, over real mTLS, with a fake broker and fake enclaves. */
final class TestConsortium implements AutoCloseable {
  private static final ReservedPorts PORTS = new ReservedPorts();

  /** One party's node, and its clients. */
  final class TestNode {
    final String party;
    final PartyIdentity identity;
    final FakeEnclaves enclaves = new FakeEnclaves(FakeShim::doItsPart);
    final Path state;
    final Path home;
    final int port;
    final int dataPort;
    String extraConfig = "";

    /** In place of {@link #enclaves}, where these are behind a server. */
    @Nullable EnclaveLauncher remote;

    /** How far this node's clock is ahead of the others'. */
    volatile Duration ahead = Duration.ZERO;

    private @Nullable PeerNode node;
    private @Nullable NodeChannels channels;

    TestNode(String party, Path state) {
      this.party = party;
      this.home = state.resolveSibling("home");
      this.identity = PartyIdentity.create(home.resolve("identity"), party, clock, random);
      this.state = state;
      this.port = PORTS.next();
      this.dataPort = PORTS.next();
    }

    /** Its configuration. */
    String yaml() {
      return """
      party: %s
      listen: 127.0.0.1:%d
      data: {mode: %s, listen: "127.0.0.1:%d"}
      %s
      """
          .formatted(party, port, mode, dataPort, extraConfig);
    }

    void start() {
      NodeChannels toOthers = new NodeChannels(identity.node().tls(), tls, () -> membership);
      channels = toOthers;
      node =
          PeerNode.start(
              new PeerNode.Parts(
                  NodeConfigFile.parse(yaml(), "parley.yaml"),
                  state,
                  identity.node(),
                  () -> membership,
                  tls,
                  toOthers,
                  Objects.requireNonNullElse(remote, enclaves),
                  apps(),
                  question -> new Judgement.Unchecked("TEST", "nobody judges here", List.of()),
                  List.of(),
                  "test",
                  random,
                  () -> clock.instant().plus(ahead)));
    }

    /** Deletes what has expired, now. */
    void sweep() {
      Objects.requireNonNull(node, "node").sweep();
    }

    /** Only the first party brings the app along; others fetch it. */
    AppStore apps() {
      return AppStore.open(
          state.resolve("apps"), party.equals(appOwner) ? bundled : state.resolve("none"));
    }

    void stop() {
      PeerNode running = node;
      NodeChannels open = channels;
      if (running != null && open != null) {
        running.close();
        open.close();
        node = null;
      }
    }

    JobServiceGrpc.JobServiceBlockingStub jobs(Role role, String name) {
      return JobServiceGrpc.newBlockingStub(channel(role, name))
          .withDeadlineAfter(Duration.ofSeconds(30));
    }

    ManagedChannel channel(Role role, String name) {
      return clients.computeIfAbsent(
          party + role + name,
          key -> {
            TlsIdentity client = ClientCertificates.issue(identity, role, name, Duration.ofDays(1));
            return Channels.open(
                "127.0.0.1:" + port,
                tls,
                client,
                new ExpectedServer.NodeOf(party, () -> membership));
          });
    }

    /** A channel to another node, as this one opens it. */
    ManagedChannel asNode(String other) {
      return clients.computeIfAbsent(
          party + "->" + other,
          key ->
              Channels.open(
                  "127.0.0.1:" + node(other).port,
                  tls,
                  identity.node().tls(),
                  new ExpectedServer.NodeOf(other, () -> membership)));
    }

    void addCsv(String name, String csv) {
      CompletableFuture<AddDatasetResponse> answer = new CompletableFuture<>();
      StreamObserver<AddDatasetRequest> out =
          DatasetServiceGrpc.newStub(channel(Role.OPERATOR, "ops"))
              .addDataset(
                  new StreamObserver<>() {
                    @Override
                    public void onNext(AddDatasetResponse response) {
                      answer.complete(response);
                    }

                    @Override
                    public void onError(Throwable failure) {
                      answer.completeExceptionally(failure);
                    }

                    @Override
                    public void onCompleted() {}
                  });
      out.onNext(
          AddDatasetRequest.newBuilder()
              .setHead(DatasetHead.newBuilder().setName(name).setFormat("csv"))
              .build());
      out.onNext(AddDatasetRequest.newBuilder().setChunk(ByteString.copyFromUtf8(csv)).build());
      out.onCompleted();
      answer.join();
    }

    Job submit(String requestId) {
      return jobs(Role.ANALYST, "ann").createJob(request(requestId)).getJob();
    }

    /** The job once it has ended here. */
    Job awaitEnd(String jobId) {
      await()
          .atMost(Duration.ofSeconds(30))
          .pollInterval(Duration.ofMillis(50))
          .ignoreExceptions()
          .until(() -> ended(get(jobId)));
      return get(jobId);
    }

    Job get(String jobId) {
      return jobs(Role.OPERATOR, "ops")
          .getJob(GetJobRequest.newBuilder().setJobId(jobId).build())
          .getJob();
    }

    /** Files of results, half-written or whole. */
    List<Path> resultFiles() {
      try (Stream<Path> files = Files.walk(state.resolve("results"))) {
        return files.filter(Files::isRegularFile).sorted(Comparator.naturalOrder()).toList();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  final SecureRandom random = new SecureRandom();
  final InstantSource clock = InstantSource.system();
  final MutualTls tls = new MutualTls(clock);
  final Map<String, TestNode> nodes = new TreeMap<>();
  final FakeBroker broker;
  final SignedAgreement agreement;
  final String mode;
  volatile Membership membership;
  private final Path bundled;
  private final String appOwner;
  private final Keep keep;
  private final Map<String, ManagedChannel> clients = new LinkedHashMap<>();

  /** Parties a, b, ...: each owns a dataset named like itself; the last one computes. */
  TestConsortium(Path root, String mode, String... parties) throws IOException {
    this(root, mode, Keep.AS_NODE, parties);
  }

  /** As the other one, with a result that may be kept for so long. */
  TestConsortium(Path root, String mode, Keep keep, String... parties) throws IOException {
    this.mode = mode;
    this.keep = keep;
    appOwner = parties[0];
    bundled = root.resolve("bundled");
    Path app = Files.createDirectories(bundled.resolve("join"));
    Files.writeString(app.resolve("app.yaml"), "name: join\ncommand: [java, Join]\n");
    BrokerIdentity brokerIdentity =
        BrokerIdentity.create(root.resolve("broker"), "keys", clock, random);
    broker = new FakeBroker(brokerIdentity, tls, () -> membership);
    List<Member> members = new ArrayList<>();
    for (String party : parties) {
      Path state = Files.createDirectories(root.resolve(party).resolve("state"));
      TestNode node = new TestNode(party, state);
      nodes.put(party, node);
      members.add(node.identity.member("127.0.0.1:" + node.port));
    }
    membership =
        new Membership(
            "test",
            1,
            null,
            Instant.now(),
            members,
            brokerIdentity.broker("127.0.0.1:" + broker.port()));
    agreement = agree(List.of(parties));
    broker.put(agreement, AgreementState.AGREEMENT_STATE_ACTIVE);
    nodes.values().forEach(TestNode::start);
    nodes.values().forEach(node -> node.addCsv(node.party, "id,amount\n1,2.5\n2,3.5\n"));
  }

  TestNode node(String party) {
    TestNode node = nodes.get(party);
    if (node == null) {
      throw new IllegalArgumentException(party);
    }
    return node;
  }

  private SignedAgreement agree(List<String> parties) {
    String computing = parties.getLast();
    List<Dataset> datasets =
        parties.stream()
            .map(p ->
                new Dataset(
                    p,
                    p,
                    List.of(
                        new Column("id", ColumnType.BIGINT, true),
                        new Column("amount", ColumnType.DOUBLE, true)),
                    p.equals(computing) ? List.of() : List.of(computing)))
            .toList();
    Agreement terms =
        new Agreement(
            "test",
            nodes.values().stream().map(n -> n.identity.party()).toList(),
            membership.broker().digest(),
            node(parties.getFirst()).apps().list().getFirst().digest(),
            datasets,
            List.of(computing),
            List.of(new ResultRule("summary", parties, 1000, Shape.ANY, keep)),
            new Environment(
                List.of("simulated"),
                List.of(Digest.of(ByteString.copyFromUtf8("shim"))),
                Environment.STRICT_TESTS,
                List.of("bwrap")),
            Terms.of(
                ChangeRule.UNANIMOUS,
                Instant.now()
                    .plus(Duration.ofDays(30))
                    .truncatedTo(java.time.temporal.ChronoUnit.SECONDS),
                100),
            List.of(new Parameter.Free("since", ColumnType.DATE)));
    SignedAgreement signed = SignedAgreement.unsigned(terms);
    for (TestNode node : nodes.values()) {
      signed = signed.with(signed.sign(node.party, node.identity.signingKey()));
    }
    return signed;
  }

  CreateJobRequest request(String requestId) {
    return CreateJobRequest.newBuilder()
        .setRequestId(requestId)
        .setAgreementSha256(agreement.digest().value())
        .putParameters("since", "2026-01-01")
        .setTimeout(com.google.protobuf.Duration.newBuilder().setSeconds(60))
        .build();
  }

  static boolean ended(Job job) {
    return job.getState() != JobState.JOB_STATE_RUNNING
        && job.getState() != JobState.JOB_STATE_PENDING_APPROVAL;
  }

  static String text(ByteString bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Override
  public void close() throws Exception {
    clients.values().forEach(ManagedChannel::shutdownNow);
    nodes.values().forEach(TestNode::stop);
    broker.close();
  }
}
