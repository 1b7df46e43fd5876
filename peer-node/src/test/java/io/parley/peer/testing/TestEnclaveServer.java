package io.parley.peer.testing;

import io.parley.identity.CertificateRequest;
import io.parley.identity.EnclaveIdentity;
import io.parley.identity.NodeIdentity;
import io.parley.identity.PartyIdentity;
import io.parley.peer.apps.AppStore;
import io.parley.peer.config.EnclaveConfig;
import io.parley.peer.config.HostPort;
import io.parley.peer.config.NodeConfig.RemoteEnclave;
import io.parley.peer.config.PlatformConfig;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.remote.EnclaveClient;
import io.parley.peer.enclaves.remote.EnclaveServer;
import io.parley.peer.enclaves.remote.RemoteLauncher;
import io.parley.transport.MutualTls;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;

/** An enclave server in this process, over real mTLS, with any launcher. */
public final class TestEnclaveServer implements AutoCloseable {
  public static final String NAME = "vm1";
  public static final String KIND = "simulated";

  public final MutualTls tls;
  public final AppStore apps;
  private final EnclaveServer server;

  /**
   * @param folder for its key and its apps
   */
  public TestEnclaveServer(
      Path folder, PartyIdentity party, EnclaveLauncher launcher, EnclaveConfig config) {
    InstantSource clock = InstantSource.system();
    tls = new MutualTls(clock);
    apps = AppStore.open(folder.resolve("apps"), folder.resolve("none"));
    server =
        new EnclaveServer(
            new EnclaveServer.Needs(
                config,
                identity(folder.resolve("identity"), party, NAME),
                tls,
                launcher,
                KIND,
                apps,
                "test",
                new SecureRandom(),
                clock));
  }

  public static EnclaveConfig config(long memoryBytes, int enclavesMax) {
    return config(0, memoryBytes, enclavesMax);
  }

  public static EnclaveConfig config(int port, long memoryBytes, int enclavesMax) {
    return new EnclaveConfig(
        new HostPort("127.0.0.1", port),
        new PlatformConfig.Simulated(),
        memoryBytes,
        enclavesMax,
        64_200);
  }

  /** Made, enrolled, accepted. */
  public static EnclaveIdentity identity(Path folder, PartyIdentity party, String name) {
    EnclaveIdentity.create(folder, party.name(), name, new SecureRandom());
    try {
      Path issued =
          Files.writeString(
              folder.resolveSibling("issued.crt"),
              EnclaveIdentity.issue(
                  party,
                  CertificateRequest.parse(EnclaveIdentity.request(folder)),
                  Duration.ofDays(1)));
      return EnclaveIdentity.accept(folder, issued);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public int port() {
    return server.port();
  }

  public RemoteEnclave remote() {
    return remote(port());
  }

  public static RemoteEnclave remote(int port) {
    return new RemoteEnclave(new HostPort("127.0.0.1", port), NAME);
  }

  public EnclaveClient client(NodeIdentity node) {
    return new EnclaveClient(remote(), node, tls);
  }

  public RemoteLauncher launcher(NodeIdentity node) {
    return new RemoteLauncher(client(node), KIND);
  }

  @Override
  public void close() {
    server.close();
  }
}
