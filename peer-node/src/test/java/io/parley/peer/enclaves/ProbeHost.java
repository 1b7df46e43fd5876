package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.parley.peer.platform.SimulatedPlatform;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;

/** A host in a process of its own, so that a test can kill it. */
final class ProbeHost {
  private ProbeHost() {}

  /** Starts an enclave, prints its first process and its environment, and waits to be killed. */
  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder = Path.of(arguments[0]);
    BwrapLauncher launcher =
        BwrapLauncher.open(
            ProbeDistribution.in(folder),
            new SimulatedPlatform((label, message) -> ByteString.EMPTY),
            folder);
    Enclave enclave =
        launcher.launch(new EnclaveRequest("job", null, 512L << 20, Duration.ofMinutes(5), null));
    enclave.link().send("env".getBytes(UTF_8));
    String environment = new String(enclave.link().receive().frame(), UTF_8);
    System.out.println(enclave.link().peer().pid() + " " + environment);
    Thread.sleep(Duration.ofMinutes(5));
  }
}
