package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.grpc.Server;
import io.parley.identity.EnclaveIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.config.EnclaveConfig;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.transport.Channels;
import io.parley.transport.ErrorInterceptor;
import io.parley.transport.MutualTls;
import io.parley.transport.OwnNode;
import io.parley.transport.OwnNodeInterceptor;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The enclave server's one port: TLS 1.3, for its party's node and nobody else. Without health and
 * reflection, which nodes have: what is inside a confidential VM is kept small. Closing it ends
 * every enclave; the launcher is closed by whoever made it.
 */
public final class EnclaveServer implements AutoCloseable {
  /**
   * What it is made of.
   *
   * @param evidenceKind what the launcher's platform makes
   */
  public record Needs(
      EnclaveConfig config,
      EnclaveIdentity identity,
      MutualTls tls,
      EnclaveLauncher launcher,
      String evidenceKind,
      AppStore apps,
      String version,
      SecureRandom random,
      InstantSource clock) {}

  private static final Logger LOG = LoggerFactory.getLogger(EnclaveServer.class);
  private static final long CLOSE_SECONDS = 5;

  private final Server server;
  private final Map<ByteString, ServedRun> runs = new ConcurrentHashMap<>();
  private final ExecutorService calls = Executors.newVirtualThreadPerTaskExecutor();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(Thread.ofPlatform().name("enclave-", 0).daemon().factory());

  /** Starts to serve. */
  public EnclaveServer(Needs needs) {
    OwnNode node = new OwnNode(needs.identity().party(), needs.identity().tls().ca());
    InetSocketAddress at = needs.config().listen().resolve();
    ServedRun.Needs runNeeds =
        new ServedRun.Needs(
            needs.launcher(),
            needs.evidenceKind(),
            needs.apps(),
            new Capacity(needs.config().enclavesMax(), needs.config().memoryBytes()),
            runs,
            threads);
    try {
      server =
          Channels.server(
                  at,
                  needs.tls().server(needs.identity().tls(), node),
                  new ErrorInterceptor((method, failure) ->
                      LOG.atError()
                          .addKeyValue("method", method)
                          .setCause(failure)
                          .log("call failed")),
                  new OwnNodeInterceptor(node, needs.clock()))
              .executor(calls)
              .addService(new EnclaveGrpc(runNeeds, needs.version(), needs.random()))
              .build()
              .start();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot listen on %s: %s; is another enclave server running?"
              .formatted(at, e.getCause() == null ? e : e.getCause()),
          Map.of("address", at.toString()),
          e);
    }
  }

  public int port() {
    return server.getPort();
  }

  @Override
  public void close() {
    server.shutdown();
    EnvironmentException why =
        new EnvironmentException(Reason.ENCLAVE_UNAVAILABLE, "it was told to end");
    runs.values().forEach(run -> run.end(why));
    try {
      if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
        server.shutdownNow();
        if (!server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS)) {
          LOG.atWarn().log("the enclave server has not ended in time");
        }
      }
    } catch (InterruptedException e) {
      server.shutdownNow();
      Thread.currentThread().interrupt();
    } finally {
      calls.shutdownNow();
      threads.shutdownNow();
    }
  }
}
