package io.parley.peer.enclaves;

import com.google.protobuf.ByteString;
import io.parley.link.HostLink;
import io.parley.peer.platform.Credentials;
import java.util.concurrent.CompletableFuture;

/**
 * A running enclave. Thread-safe. {@link #close} kills it when it still runs, and returns when no
 * process, file or control group of it is left.
 */
public interface Enclave extends AutoCloseable {
  /** The link to the shim. */
  HostLink link();

  /**
   * The platform's signed document over the report data and what was launched.
   *
   * @param reportData 64 bytes
   * @param credentials asked where the platform needs it
   * @throws io.parley.wire.ParleyException as {@link io.parley.peer.platform.Launch#attest} does
   */
  ByteString attest(ByteString reportData, Credentials credentials);

  /** Completes when the last process is gone; never exceptionally. */
  CompletableFuture<EnclaveExit> exit();

  /** Kills every process of it. Returns at once; a second time does nothing. */
  void kill();

  @Override
  void close();
}
