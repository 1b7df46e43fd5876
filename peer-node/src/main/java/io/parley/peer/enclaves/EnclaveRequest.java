package io.parley.peer.enclaves;

import io.parley.agreement.platform.TpmPolicy;
import io.parley.peer.platform.Credentials;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What an enclave is started for.
 *
 * @param jobId names the enclave in logs; nothing else depends on it
 * @param apps what it runs
 * @param memoryLimitBytes what all of the enclave may use together: shim, app and files
 * @param timeout after this the enclave is killed
 * @param tpm what the agreement wants of a TPM that vouches for it; null where it accepts none
 * @param credentials asked by a platform that is not on this machine
 */
public record EnclaveRequest(
    String jobId,
    EnclaveApps apps,
    long memoryLimitBytes,
    Duration timeout,
    @Nullable TpmPolicy tpm,
    Credentials credentials) {
  /** Less does not hold a shim. */
  public static final long MIN_MEMORY_BYTES = 256L << 20;

  /** For platforms that ask for none. */
  public static final Credentials NO_CREDENTIALS =
      wish -> {
        throw new EnvironmentException(
            Reason.PLATFORM_UNAVAILABLE, "there are no credentials for this enclave's platform");
      };

  /** Of one app or none, for platforms that ask for no credential. */
  public EnclaveRequest(
      String jobId,
      @Nullable Path appFolder,
      long memoryLimitBytes,
      Duration timeout,
      @Nullable TpmPolicy tpm) {
    this(jobId, EnclaveApps.single(appFolder), memoryLimitBytes, timeout, tpm, NO_CREDENTIALS);
  }

  public EnclaveRequest {
    Objects.requireNonNull(jobId, "jobId");
    Objects.requireNonNull(apps, "apps");
    Objects.requireNonNull(timeout, "timeout");
    if (memoryLimitBytes < MIN_MEMORY_BYTES) {
      throw new IllegalArgumentException(
          "memory limit %d bytes; at least %d".formatted(memoryLimitBytes, MIN_MEMORY_BYTES));
    }
  }
}
