package io.parley.peer;

import io.grpc.BindableService;
import io.parley.identity.Caller;
import io.parley.identity.Membership;
import io.parley.identity.NodeIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.broker.BrokerJudge;
import io.parley.peer.broker.BrokerTrust;
import io.parley.peer.config.HostPort;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.grpc.AppGrpc;
import io.parley.peer.grpc.DatasetGrpc;
import io.parley.peer.grpc.GrpcBroker;
import io.parley.peer.grpc.GrpcBrokerLog;
import io.parley.peer.grpc.GrpcBrokerSource;
import io.parley.peer.grpc.GrpcPeers;
import io.parley.peer.grpc.JobGrpc;
import io.parley.peer.grpc.NodeChannels;
import io.parley.peer.grpc.NodeGrpc;
import io.parley.peer.grpc.NodeServer;
import io.parley.peer.grpc.PeerGrpc;
import io.parley.peer.jobs.Jobs;
import io.parley.peer.jobs.JobsWiring;
import io.parley.peer.jobs.StoredApps;
import io.parley.peer.relay.Admissions;
import io.parley.peer.relay.DataPort;
import io.parley.peer.results.ResultFiles;
import io.parley.peer.store.DatasetStore;
import io.parley.peer.store.NodeDatabase;
import io.parley.peer.store.ResultStore;
import io.parley.peer.witness.LogWitness;
import io.parley.peer.witness.WitnessRounds;
import io.parley.process.Closing;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.MutualTls;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A node that serves: everything it is made of, in the order in which it is put together. Closing
 * ends all jobs everywhere, kills what runs, and lets go of every port and file.
 */
final class PeerNode implements AutoCloseable {
  /**
   * What a node is made of.
   *
   * @param state the folder for its database, datasets and results
   * @param judge of evidence of the broker's own
   * @param services those of other rooms: membership
   */
  record Parts(
      NodeConfig config,
      Path state,
      NodeIdentity identity,
      Supplier<Membership> membership,
      MutualTls tls,
      NodeChannels channels,
      EnclaveLauncher launcher,
      AppStore apps,
      BrokerJudge judge,
      List<BindableService> services,
      String version,
      SecureRandom random,
      InstantSource clock) {
    Parts {
      services = List.copyOf(services);
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(PeerNode.class);
  private static final Duration TOKEN_WITHIN = Duration.ofSeconds(5);
  private static final long SWEEP_SECONDS = 30;

  private final Closing closing;
  private final NodeServer server;
  private final @Nullable DataPort dataPort;
  private final Jobs jobs;

  private PeerNode(Parts parts, Closing closing) {
    this.closing = closing;
    String party = parts.config().party();
    ExecutorService threads = threads();
    closing.add(threads::shutdownNow);
    NodeDatabase database = closing.add(NodeDatabase.open(parts.state().resolve("node.db")));
    Datasets datasets =
        new Datasets(
            parts.state().resolve("datasets"),
            new DatasetStore(database),
            parts.random(),
            parts.clock(),
            parts.config().limits().datasets());
    // Before the results' room tidies up: it keeps what the jobs' room still has records of.
    ResultFiles results =
        new ResultFiles(
            parts.state().resolve("results"),
            new ResultStore(database),
            parts.clock(),
            parts.config().results().keep());
    Admissions admissions = new Admissions(parts.random(), System::nanoTime);
    DataMode mode = parts.config().data().mode();
    GrpcPeers peers =
        new GrpcPeers(parts.channels(), parts.membership(), mode, threads, parts.clock());
    LogWitness witness =
        new LogWitness(
            party,
            parts.identity().witnessKey(),
            parts.state(),
            () -> parts.membership().get().broker().signingKey(),
            new GrpcBrokerLog(parts.channels(), parts.membership()),
            parts.clock());
    WitnessRounds rounds = closing.add(new WitnessRounds(witness));
    GrpcBroker broker = new GrpcBroker(parts.channels(), parts.membership(), witness, rounds::soon);
    jobs =
        JobsWiring.jobs(
            new JobsWiring.Needs(
                party,
                database,
                parts.membership(),
                broker,
                new BrokerTrust(
                    new GrpcBrokerSource(
                        () -> parts.channels().connectedBroker(parts.membership().get().broker())),
                    parts.judge(),
                    parts.membership(),
                    parts.random(),
                    parts.clock(),
                    System::nanoTime),
                peers,
                datasets,
                new StoredApps(parts.apps()),
                results,
                admissions,
                parts.launcher(),
                parts.config().enclave().memoryBytes(),
                parts.config().enclave().platform().kind(),
                parts.config().limits().runningJobs(),
                parts.config().limits().startWithin(),
                threads,
                parts.random(),
                parts.clock()));
    dataPort =
        mode == DataMode.HANDED
            ? closing.add(
                new DataPort(
                    parts.config().data().listen().resolve(), admissions, threads, TOKEN_WITHIN))
            : null;
    List<BindableService> services = new ArrayList<>(parts.services());
    services.add(new AppGrpc(parts.apps(), threads));
    services.add(new JobGrpc(party, jobs, results, CallerInterceptor::caller, threads));
    services.add(
        new DatasetGrpc(party, datasets, broker, parts.config().limits().datasetBytes(), threads));
    services.add(
        new NodeGrpc(
            new NodeGrpc.Needs(
                party,
                parts.version(),
                parts.config().enclave().platform().kind(),
                parts.membership(),
                peers,
                broker,
                parts.launcher(),
                threads,
                parts.clock())));
    Supplier<Caller> caller = CallerInterceptor::caller;
    services.add(
        new PeerGrpc(
            new PeerGrpc.Needs(
                party,
                parts.version(),
                parts.membership(),
                jobs,
                results,
                parts.apps()::write,
                admissions,
                mode,
                () -> dataAddress(parts.config(), parts.membership().get()),
                caller,
                threads,
                parts.clock())));
    server =
        closing.add(
            new NodeServer(
                parts.config().listen().resolve(),
                parts
                    .tls()
                    .server(
                        parts.identity().tls(),
                        parts.membership(),
                        MutualTls.WithoutCertificate.MAY_KNOCK),
                party,
                parts.membership(),
                parts.clock(),
                services));
    // Jobs end, and say so to their peers, while the server still runs.
    closing.add(jobs);
    closing.add(sweeper());
    rounds.start();
  }

  /**
   * Starts a node.
   *
   * @throws io.parley.wire.ParleyException that says what is wrong; nothing runs then
   */
  static PeerNode start(Parts parts) {
    if (!parts.identity().party().equals(parts.config().party())) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "parley.yaml is of party '%s' and the identity beside it of '%s'"
              .formatted(parts.config().party(), parts.identity().party()));
    }
    Closing begun = Running.parts();
    try {
      return new PeerNode(parts, begun);
    } catch (RuntimeException e) {
      begun.close();
      throw e;
    }
  }

  /** Platform threads, as many as it takes: what they do blocks in the kernel. */
  private static ExecutorService threads() {
    return Executors.newCachedThreadPool(Thread.ofPlatform().name("work-", 0).daemon().factory());
  }

  private AutoCloseable sweeper() {
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofPlatform().name("sweeper").daemon().factory());
    var unused = timer.scheduleWithFixedDelay(this::sweep, 1, SWEEP_SECONDS, TimeUnit.SECONDS);
    return timer::shutdownNow;
  }

  /** Deletes results that have expired; the node does so every now and then itself. */
  void sweep() {
    try {
      jobs.sweep();
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("expired results could not be deleted");
    }
  }

  int port() {
    return server.port();
  }

  /** The data port, or 0 where there is none. */
  int dataPortNumber() {
    return dataPort == null ? 0 : dataPort.port();
  }

  /** Peers reach this node under its address in the membership list, so its data port too. */
  private String dataAddress(NodeConfig config, Membership membership) {
    HostPort address =
        config
            .data()
            .advertise()
            .orElseGet(
                () -> HostPort.parse(membership.member(config.party()).address()).withPort(0));
    return address.port() == 0 ? address.withPort(dataPortNumber()).toString() : address.toString();
  }

  /** In the reverse order of the making. */
  @Override
  public void close() {
    closing.close();
  }
}
