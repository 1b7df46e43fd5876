package io.parley.broker;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.ServerServiceDefinition;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.parley.broker.agreements.Agreements;
import io.parley.broker.agreements.Halts;
import io.parley.broker.agreements.ProposalRules;
import io.parley.broker.agreements.StorageLimits;
import io.parley.broker.config.BrokerConfig;
import io.parley.broker.config.BrokerYaml;
import io.parley.broker.evidence.EvidenceVerifiers;
import io.parley.broker.grpc.AgreementGrpc;
import io.parley.broker.grpc.AuditGrpc;
import io.parley.broker.grpc.KeyGrpc;
import io.parley.broker.grpc.MembershipGrpc;
import io.parley.broker.grpc.PartyLimit;
import io.parley.broker.jobs.Jobs;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.FileKeyVault;
import io.parley.broker.keys.MasterKey;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.Decisions;
import io.parley.broker.members.Members;
import io.parley.broker.members.MembershipFolder;
import io.parley.broker.policy.Challenges;
import io.parley.broker.release.Grants;
import io.parley.broker.release.KeyRelease;
import io.parley.broker.release.Receipts;
import io.parley.broker.release.Refusals;
import io.parley.broker.store.Store;
import io.parley.identity.BrokerIdentity;
import io.parley.process.NativeFolder;
import io.parley.transport.CallerInterceptor;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.MutualTls;
import io.parley.transport.MutualTls.WithoutCertificate;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts one broker together, top to bottom. */
public final class BrokerWiring {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerWiring.class);
  private static final int WORKERS = 16;

  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final SecureRandom random;

  /**
   * @param clock trusted: agreements expire by it
   * @param nanoTime monotonic: challenges expire by it
   */
  public BrokerWiring(InstantSource clock, LongSupplier nanoTime, SecureRandom random) {
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.random = random;
  }

  /**
   * Starts the broker of this home; it listens when this returns.
   *
   * @throws io.parley.wire.ParleyException when anything is missing, broken or open to others; then
   *     nothing was started
   */
  public RunningBroker start(Path folder) {
    BrokerHome home = new BrokerHome(folder);
    Closing closing = new Closing();
    try {
      return start(home, closing);
    } catch (RuntimeException e) {
      closing.close();
      throw e;
    }
  }

  private RunningBroker start(BrokerHome home, Closing closing) {
    BrokerConfig config = BrokerYaml.load(home.config());
    BrokerIdentity identity = BrokerIdentity.load(home.identity());
    closing.add(identity.signingKey());
    closing.add(home.lock().acquiredBy());
    NativeFolder.prepare(home.nativeFolder());

    MasterKey master = closing.add(MasterKey.load(home.masterKey()));
    FileKeyVault vault = closing.add(new FileKeyVault(master, random));
    Store store = closing.add(Store.open(home.database()));
    AuditLog log = new AuditLog(clock, head -> master.mac("parley/v1/log-head", head));
    LOG.info("record of decisions: {} entries, whole", log.verify(store));

    Members members =
        new Members(
            store,
            log,
            identity.signingKey().verifyingKey(),
            MembershipFolder.read(config.membership()));
    DataKeys keys = new DataKeys(vault, random);
    ProposalRules rules =
        new ProposalRules(
            identity.signingKey().verifyingKey().digest(), config.evidence(), members::current);
    StorageLimits limits =
        new StorageLimits(
            config.limits().openProposals(), config.limits().decisionsPerMinute(), nanoTime);
    Agreements agreements = new Agreements(store, log, keys, rules, limits, clock);
    Halts halts = new Halts(store, log, limits);
    Jobs jobs = new Jobs(store, log, keys, limits, clock);
    Challenges challenges = new Challenges(random, nanoTime, config.challengeValid());
    KeyRelease release =
        new KeyRelease(
            store,
            challenges,
            new EvidenceVerifiers(config.evidence()),
            new Grants(store, log, keys, identity.signingKey(), limits, clock),
            new Refusals(store, log, limits),
            clock);
    Receipts receipts = new Receipts(store, log, identity.signingKey(), clock);

    ExecutorService workers =
        Executors.newFixedThreadPool(
            WORKERS, Thread.ofPlatform().name("broker-", 0).daemon(true).factory());
    closing.add(workers::shutdownNow);
    HealthStatusManager health = new HealthStatusManager();
    PartyLimit limit = new PartyLimit(config.limits().callsPerParty());
    Server server =
        Channels.server(
                new InetSocketAddress(config.host(), config.port()),
                new MutualTls(clock)
                    .server(identity.tls(), members::current, WithoutCertificate.REFUSED),
                new ErrorInterceptor(
                    (method, failure) -> LOG.error("call of {} failed", method, failure)),
                new CallerInterceptor(members::current, clock, Set.of()))
            .executor(workers)
            .addService(limited(limit, new AgreementGrpc(agreements, halts, clock)))
            .addService(limited(limit, new KeyGrpc(jobs, challenges, release, receipts)))
            .addService(limited(limit, new MembershipGrpc(members)))
            .addService(limited(limit, new AuditGrpc(new Decisions(store))))
            .addService(limited(limit, health.getHealthService()))
            .addService(limited(limit, ProtoReflectionServiceV1.newInstance()))
            .maxConcurrentCallsPerConnection(config.limits().callsPerConnection())
            .maxInboundMessageSize(config.limits().messageBytes())
            .maxConnectionIdle(10, TimeUnit.MINUTES)
            .build();
    try {
      server.start();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot listen on %s:%d: %s".formatted(config.host(), config.port(), e.getMessage()),
          Map.of("host", config.host(), "port", Integer.toString(config.port())),
          e);
    }
    LOG.info(
        "broker '{}' {} listens on {}:{}; evidence accepted: {}",
        identity.name(),
        identity.signingKey().verifyingKey().digest(),
        config.host(),
        server.getPort(),
        config.evidence());
    return new RunningBroker(server, config.host(), closing);
  }

  /** Within the interceptors that find out who calls. */
  private static ServerServiceDefinition limited(PartyLimit limit, BindableService service) {
    return ServerInterceptors.intercept(service, limit);
  }
}
