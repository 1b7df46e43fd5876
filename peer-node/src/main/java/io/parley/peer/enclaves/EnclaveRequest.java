package io.parley.peer.enclaves;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an enclave is started for.
 *
 * @param jobId names the enclave in logs; nothing else depends on it
 * @param appFolder the app's files, or null where the party does not compute
 * @param memoryLimitBytes what all of the enclave may use together: shim, app and files
 * @param timeout after this the enclave is killed
 */
public record EnclaveRequest(
    String jobId, @Nullable Path appFolder, long memoryLimitBytes, Duration timeout) {
  /** Less does not hold a shim. */
  public static final long MIN_MEMORY_BYTES = 256L << 20;

  public EnclaveRequest {
    Objects.requireNonNull(jobId, "jobId");
    Objects.requireNonNull(timeout, "timeout");
    if (memoryLimitBytes < MIN_MEMORY_BYTES) {
      throw new IllegalArgumentException(
          "memory limit %d bytes; at least %d".formatted(memoryLimitBytes, MIN_MEMORY_BYTES));
    }
  }
}
