package io.parley.shim;

import io.parley.link.HostLink;
import io.parley.shim.child.ShimProtection;
import io.parley.shim.host.HostConnection;
import io.parley.wire.ParleyException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.Security;
import java.time.Duration;
import org.conscrypt.Conscrypt;

/**
 * Process 1 of an enclave: connects to the host's socket, does one job, ends.
 *
 * <p>Exit codes: 0 the job went well, 1 it failed and the host was told why, 4 the host was never
 * there, 5 the host said stop or is gone. The Java runtime itself ends with 3 for want of heap.
 */
public final class ShimMain {
  private static final String SOCKET = "/run/host.sock";
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(30);

  private static final int OK = 0;
  private static final int FAILED = 1;
  private static final int STOPPED = 5;
  private static final int NO_HOST = 4;

  private ShimMain() {}

  /** The one argument, if any, is the path of the host's socket. */
  public static void main(String[] args) {
    ShimProtection.apply();
    // The JDK's SHA-256 and AES-GCM stay slow for seconds in a fresh process.
    int unused = Security.insertProviderAt(Conscrypt.newProvider(), 1);
    // halt, not exit: there is nothing to save, and hooks could only delay.
    Runtime.getRuntime().halt(run(args.length == 0 ? SOCKET : args[0]));
  }

  private static int run(String socket) {
    try (HostLink link = HostLink.connect(Path.of(socket), CONNECT_TIMEOUT)) {
      HostConnection host = HostConnection.start(link, ShimMain::stop);
      return ShimWiring.ofSandbox().run(host) ? OK : FAILED;
    } catch (IOException e) {
      ShimLog.warn("no host at " + socket + ": " + e.getMessage());
      return NO_HOST;
    }
  }

  /** The whole enclave is gone with this process: keys, rows and app. */
  private static void stop(ParleyException cause) {
    ShimLog.warn("stopped: " + cause.reason());
    Runtime.getRuntime().halt(STOPPED);
  }
}
