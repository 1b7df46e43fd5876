package io.parley.peer.enclaves.remote;

import io.grpc.ManagedChannel;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainCodec;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.peer.apps.AppPacker;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.proto.enclave.v1.EnclaveStarted;
import io.parley.proto.enclave.v1.StartEnclave;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Starts enclaves in a confidential VM that is reached over the network. To the rest of the node
 * they are as local ones: a link, an exit, a way to kill.
 *
 * <p>Each enclave has a connection of its own, so that one which stalls or breaks is no other's
 * trouble. What the server says of its shim is for drafting agreements; the broker believes the
 * evidence alone. Thread-safe.
 */
public final class RemoteLauncher implements EnclaveLauncher {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteLauncher.class);
  private static final Duration START_WITHIN = Duration.ofSeconds(60);

  private final EnclaveClient client;
  private final String evidenceKind;
  private final Map<Path, Digest> apps = new ConcurrentHashMap<>();
  private final Set<RemoteRun> running = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("remote-", 0).daemon().factory());

  /**
   * @param evidenceKind that the node expects of the server
   */
  public RemoteLauncher(EnclaveClient client, String evidenceKind) {
    this.client = client;
    this.evidenceKind = evidenceKind;
  }

  /**
   * @throws ParleyException what the server's own launcher throws; ENCLAVE_UNAVAILABLE when the
   *     server cannot be reached, INVALID_CONFIG when its evidence is of another kind
   */
  @Override
  public Enclave launch(EnclaveRequest request) {
    // Folders of apps never change; if one did, the shim inside would measure another app.
    Map<Digest, Path> folders = new LinkedHashMap<>();
    for (Path folder : request.apps().folders()) {
      folders.put(apps.computeIfAbsent(folder, path -> AppPacker.manifest(path).digest()), folder);
    }
    StartEnclave start = message(request, folders.keySet());
    try {
      return start(request, start);
    } catch (RefusedException e) {
      if (e.reason() != Reason.APP_NOT_FOUND || folders.isEmpty()) {
        throw e;
      }
      folders.forEach((app, folder) -> {
        LOG.atInfo().addKeyValue("app", app).log("the enclave server gets an app");
        upload(folder, app);
      });
      return start(request, start);
    }
  }

  private void upload(Path folder, Digest app) {
    ManagedChannel channel = client.open();
    try {
      AppDelivery.send(channel, folder, app);
    } catch (RuntimeException e) {
      throw e instanceof ParleyException known ? known : client.failure(e);
    } finally {
      channel.shutdownNow();
    }
  }

  private static StartEnclave message(EnclaveRequest request, Set<Digest> apps) {
    StartEnclave.Builder message =
        StartEnclave.newBuilder()
            .setJobId(request.jobId())
            .setMemoryLimitBytes(request.memoryLimitBytes())
            .setTimeoutMs(request.timeout().toMillis());
    Chain chain = request.apps().chain();
    if (chain != null) {
      message.setChain(ChainCodec.encode(chain));
    } else {
      apps.forEach(app -> message.setAppSha256(app.value()));
    }
    TpmPolicy tpm = request.tpm();
    if (tpm != null) {
      message.setTpm(PlatformCodec.toMessage(tpm));
    }
    return message.build();
  }

  private Enclave start(EnclaveRequest request, StartEnclave start) {
    ManagedChannel channel = client.open();
    try {
      RunCall call = new RunCall(client::failure);
      call.start(channel, start);
      EnclaveStarted started = call.awaitStarted(within(request));
      requireKind(started.getEvidenceKind());
      HandOvers handOvers = new HandOvers(channel, started.getRun(), threads, client::failure);
      RemoteRun run =
          RemoteRun.begin(
              channel,
              call,
              handOvers,
              new BrokerCalls(request.credentials(), threads),
              threads,
              running::remove);
      running.add(run);
      return run;
    } catch (RuntimeException e) {
      channel.shutdownNow();
      throw e;
    }
  }

  private static Duration within(EnclaveRequest request) {
    return request.timeout().compareTo(START_WITHIN) < 0 ? request.timeout() : START_WITHIN;
  }

  private void requireKind(String kind) {
    if (!kind.equals(evidenceKind)) {
      throw new EnvironmentException(
          Reason.INVALID_CONFIG,
          "the enclave server makes evidence of kind '%.64s'; parley.yaml says '%s'"
              .formatted(kind, evidenceKind),
          Map.of("expected", evidenceKind, "seen", kind));
    }
  }

  @Override
  public Digest shimDigest() {
    return client.info().shim();
  }

  @Override
  public String isolation() {
    return client.info().isolation();
  }

  @Override
  public void close() {
    running.forEach(RemoteRun::close);
    threads.shutdownNow();
  }
}
