package io.parley.peer.enclaves;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.link.HostLink;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Launch;
import java.util.concurrent.CompletableFuture;

/** An enclave whose shim is connected. */
final class BwrapEnclave implements Enclave {
  private final SandboxProcess process;
  private final HostLink link;
  private final Launch launch;

  BwrapEnclave(SandboxProcess process, HostLink link, Launch launch) {
    this.process = process;
    this.link = link;
    this.launch = launch;
  }

  @Override
  public HostLink link() {
    return link;
  }

  @Override
  public ByteString attest(ByteString reportData, Credentials credentials) {
    return launch.attest(new ReportData(reportData), credentials);
  }

  @Override
  public CompletableFuture<EnclaveExit> exit() {
    return process.exit().copy();
  }

  @Override
  public void kill() {
    process.kill();
  }

  @Override
  public void close() {
    link.close();
    process.close();
    launch.close();
  }
}
