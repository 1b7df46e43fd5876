package io.parley.peer.enclaves;

import com.google.protobuf.ByteString;
import io.parley.link.HostLink;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** An enclave whose shim is connected. */
final class BwrapEnclave implements Enclave {
  private final SandboxProcess process;
  private final HostLink link;
  private final Function<ByteString, ByteString> platform;

  BwrapEnclave(SandboxProcess process, HostLink link, Function<ByteString, ByteString> platform) {
    this.process = process;
    this.link = link;
    this.platform = platform;
  }

  @Override
  public HostLink link() {
    return link;
  }

  @Override
  public ByteString attest(ByteString reportData) {
    return platform.apply(reportData);
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
  }
}
