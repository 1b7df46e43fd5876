package io.parley.peer.platform;

import io.parley.agreement.platform.TpmPolicy;
import io.parley.wire.Digest;
import org.jspecify.annotations.Nullable;

/**
 * What one enclave is started from, and what its platform is to show. Immutable.
 *
 * @param shim digest of the shim's manifest
 * @param isolation for example "bwrap"
 * @param app digest of the app's manifest, over the files that are mounted; null where there is no
 *     app, or where {@link Platform#measuresApps} said no
 * @param tpm what the agreement wants of a TPM; null where it accepts none
 */
public record Measurement(
    Digest shim, String isolation, @Nullable Digest app, @Nullable TpmPolicy tpm) {}
