package io.parley.broker;

import com.google.protobuf.ByteString;
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
import io.parley.broker.answers.AnswerRecords;
import io.parley.broker.attest.NoPlatform;
import io.parley.broker.attest.OwnEvidenceDesk;
import io.parley.broker.attest.OwnPlatform;
import io.parley.broker.attest.SimulatedPlatform;
import io.parley.broker.attest.TsmPlatform;
import io.parley.broker.config.BrokerConfig;
import io.parley.broker.config.BrokerYaml;
import io.parley.broker.config.KeysConfig;
import io.parley.broker.config.OwnEvidence;
import io.parley.broker.evidence.EvidenceVerifiers;
import io.parley.broker.evidence.collateral.CollateralFolder;
import io.parley.broker.evidence.collateral.CollateralSource;
import io.parley.broker.evidence.tpm2.Credentials;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.gates.Certificates;
import io.parley.broker.gates.GateKeeper;
import io.parley.broker.gates.VerificationSets;
import io.parley.broker.grpc.AgreementGrpc;
import io.parley.broker.grpc.AgreementMessages;
import io.parley.broker.grpc.BrokerEvidenceGrpc;
import io.parley.broker.grpc.GateGrpc;
import io.parley.broker.grpc.KeyAdminGrpc;
import io.parley.broker.grpc.KeyGrpc;
import io.parley.broker.grpc.LogGrpc;
import io.parley.broker.grpc.MembershipGrpc;
import io.parley.broker.grpc.PartyLimit;
import io.parley.broker.grpc.WitnessGate;
import io.parley.broker.jobs.Jobs;
import io.parley.broker.keys.DataKeys;
import io.parley.broker.keys.FileKeyVault;
import io.parley.broker.keys.KeyVault;
import io.parley.broker.keys.MasterKey;
import io.parley.broker.keys.Pkcs11KeyVault;
import io.parley.broker.keys.TokenSettings;
import io.parley.broker.lifecycle.DatasetKeys;
import io.parley.broker.lifecycle.Rewrapping;
import io.parley.broker.lifecycle.Shredding;
import io.parley.broker.lifecycle.VaultCheck;
import io.parley.broker.log.AuditLog;
import io.parley.broker.log.LogKeeper;
import io.parley.broker.log.LogReader;
import io.parley.broker.log.TreeMigration;
import io.parley.broker.log.WitnessDesk;
import io.parley.broker.members.Members;
import io.parley.broker.members.MembershipFolder;
import io.parley.broker.policy.Challenges;
import io.parley.broker.release.Grants;
import io.parley.broker.release.KeyRelease;
import io.parley.broker.release.Receipts;
import io.parley.broker.release.Refusals;
import io.parley.broker.release.TpmCredentials;
import io.parley.broker.store.CommitHook;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.tsm.TsmReports;
import io.parley.gate.SignedGateKey;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.SigningKey;
import io.parley.process.Closing;
import io.parley.process.NativeFolder;
import io.parley.seal.HpkeKeyPair;
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

  /** A chain or a revocation list each: more than any consortium has machines. */
  private static final int KNOWN_SIGNATURES = 4096;

  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final SecureRandom random;
  private final FaultPoints faults;

  /**
   * @param clock trusted: agreements expire by it
   * @param nanoTime monotonic: challenges expire by it
   */
  public BrokerWiring(InstantSource clock, LongSupplier nanoTime, SecureRandom random) {
    this(clock, nanoTime, random, FaultPoints.NONE);
  }

  /** For tests that must know how far it has come. */
  BrokerWiring(
      InstantSource clock, LongSupplier nanoTime, SecureRandom random, FaultPoints faults) {
    this.clock = clock;
    this.nanoTime = nanoTime;
    this.random = random;
    this.faults = faults;
  }

  /**
   * Starts the broker of this home; it listens when this returns.
   *
   * @throws io.parley.wire.ParleyException when anything is missing, broken or open to others; then
   *     nothing was started
   */
  public RunningBroker start(Path folder) {
    BrokerHome home = new BrokerHome(folder);
    Closing closing = closing();
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
    SigningKey signing = closing.add(identity.signingKey());
    closing.add(home.lock().acquiredBy());
    NativeFolder.prepare(home.nativeFolder());

    MasterKey master = closing.add(MasterKey.load(home.masterKey()));
    KeyVault vault = closing.add(vault(config.keys(), master, random));
    AuditLog log = log(signing, master);
    Store store = closing.add(store(home, signing, log, log));
    LogKeeper keeper = closing.add(LogKeeper.open(log, store, home.log(), faults));

    LOG.info(
        "keys of {} agreements are in this vault", VaultCheck.check(store, vault, clock.instant()));

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
    Halts halts = new Halts(store, log, limits, Certificates::endAll);
    DatasetKeys datasetKeys = new DatasetKeys(store, log, keys, limits, clock);
    Shredding shredding = new Shredding(store, log, keys, vault, clock);
    shredding.finishAll();
    Jobs jobs = new Jobs(store, log, keys, limits, clock);
    HpkeKeyPair gateKey = closing.add(master.receiveKey("parley/v1/verification-sets"));
    VerificationSets verificationSets = new VerificationSets(store, log, gateKey, limits, clock);
    Challenges challenges = new Challenges(random, nanoTime, config.challengeValid());
    Credentials credentials = new Credentials(random, nanoTime, config.challengeValid());
    CollateralSource collateral =
        config.collateral() == null
            ? CollateralSource.NONE
            : CollateralFolder.open(config.collateral(), nanoTime);
    KnownSignatures signatures = new KnownSignatures(KNOWN_SIGNATURES);
    KeyRelease release =
        new KeyRelease(
            store,
            challenges,
            new EvidenceVerifiers(config.evidence(), collateral, credentials, signatures, clock),
            new TpmCredentials(credentials, collateral, signatures, random, clock),
            new GateKeeper(store, log, gateKey, random, clock),
            new Grants(store, log, keys, signing, limits, clock),
            new Refusals(store, log, limits),
            clock);
    LogReader reader = new LogReader(store, log);
    AnswerRecords answers = new AnswerRecords(store, log, signing, clock);
    Receipts receipts = new Receipts(store, log, reader, signing, clock);

    OwnEvidenceDesk own = ownEvidence(config.ownEvidence(), identity);

    // One thread per call, so that all who wait for the disk wait for the same sync; how many there
    // can be is for the limits of connections and parties.
    ExecutorService workers =
        Executors.newThreadPerTaskExecutor(Thread.ofVirtual().name("broker-", 0).factory());
    closing.add(workers::shutdownNow);
    AgreementMessages messages = new AgreementMessages(agreements, clock);
    HealthStatusManager health = new HealthStatusManager();
    WitnessDesk desk = new WitnessDesk(store, log, keeper, health::enterTerminalState, faults);
    WitnessGate gate = new WitnessGate(desk);
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
            .addService(limited(limit, gate, new AgreementGrpc(agreements, halts, messages)))
            .addService(limited(limit, gate, new KeyAdminGrpc(datasetKeys, shredding, messages)))
            .addService(
                limited(limit, gate, new KeyGrpc(jobs, challenges, release, answers, receipts)))
            .addService(
                limited(
                    limit,
                    gate,
                    new GateGrpc(
                        verificationSets,
                        SignedGateKey.sign(gateKey.publicKey(), identity.signingKey()))))
            .addService(limited(limit, gate, new MembershipGrpc(members)))
            .addService(limited(limit, new LogGrpc(reader, desk)))
            .addService(limited(limit, new BrokerEvidenceGrpc(own)))
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

  /**
   * Moves the keys of this home, whose broker does not run, to the vault that its broker.yaml
   * names.
   *
   * @param before where the keys are now
   * @return how many agreements were moved
   */
  public int rewrap(Path folder, KeysConfig before) {
    BrokerHome home = new BrokerHome(folder);
    try (Closing closing = closing()) {
      BrokerConfig config = BrokerYaml.load(home.config());
      closing.add(home.lock().acquiredBy());
      NativeFolder.prepare(home.nativeFolder());
      BrokerIdentity identity = BrokerIdentity.load(home.identity());
      SigningKey signing = closing.add(identity.signingKey());
      MasterKey master = closing.add(MasterKey.load(home.masterKey()));
      KeyVault from = closing.add(vault(before, master, random));
      KeyVault to = closing.add(vault(config.keys(), master, random));
      Store store = closing.add(store(home, signing, log(signing, master), CommitHook.NONE));
      return new Rewrapping(store, from, to).run();
    }
  }

  private static Closing closing() {
    return new Closing(e -> LOG.warn("closing failed; going on", e));
  }

  private AuditLog log(SigningKey signing, MasterKey master) {
    return new AuditLog(
        clock, random, signing, head -> master.mac("parley/v1/log-head", head), faults);
  }

  private Store store(BrokerHome home, SigningKey signing, AuditLog log, CommitHook hook) {
    return Store.open(home.database(), hook, faults, new TreeMigration(log, signing, random));
  }

  /** The vault that broker.yaml names. */
  static KeyVault vault(KeysConfig keys, MasterKey master, SecureRandom random) {
    return switch (keys) {
      case KeysConfig.File() -> new FileKeyVault(master, random);
      case KeysConfig.Pkcs11(TokenSettings token) -> Pkcs11KeyVault.open(token, random);
    };
  }

  /** Shows itself once, so that what is wrong with it is known before anybody asks. */
  private OwnEvidenceDesk ownEvidence(OwnEvidence config, BrokerIdentity identity) {
    OwnPlatform platform =
        switch (config) {
          case OwnEvidence.None _ -> new NoPlatform();
          case OwnEvidence.Simulated _ -> new SimulatedPlatform(identity.signingKey());
          case OwnEvidence.Tsm tsm ->
              new TsmPlatform(tsm, new TsmReports(tsm.tsm(), random, Thread::sleep));
        };
    OwnEvidenceDesk desk = new OwnEvidenceDesk(platform, identity);
    if (!(config instanceof OwnEvidence.None)) {
      byte[] nonce = new byte[BrokerStatement.NONCE_BYTES];
      random.nextBytes(nonce);
      LOG.info("evidence of its own: {}", desk.about(ByteString.copyFrom(nonce)).kind());
    }
    return desk;
  }

  /** Within the interceptors that find out who calls. */
  private static ServerServiceDefinition limited(PartyLimit limit, BindableService service) {
    return ServerInterceptors.intercept(service, limit);
  }

  /** The same, and then only while the log is the one that witnesses know. */
  private static ServerServiceDefinition limited(
      PartyLimit limit, WitnessGate gate, BindableService service) {
    return ServerInterceptors.interceptForward(service, limit, gate);
  }
}
