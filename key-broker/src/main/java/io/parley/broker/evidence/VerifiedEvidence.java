package io.parley.broker.evidence;

import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.wire.Digest;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Evidence whose platform vouches for it, about exactly these claims. Made by an {@link
 * EvidenceVerifier} only, so that nothing else reaches policy.
 */
public final class VerifiedEvidence {
  private final Evidence evidence;
  private final Claims claims;
  private final LaunchStatement launch;
  private final @Nullable PlatformClaims platform;

  /**
   * @param platform what the hardware says of itself; null for kind simulated, which has none
   */
  VerifiedEvidence(
      Evidence evidence, Claims claims, LaunchStatement launch, @Nullable PlatformClaims platform) {
    this.evidence = evidence;
    this.claims = claims;
    this.launch = launch;
    this.platform = platform;
  }

  /** As it came. */
  public Evidence evidence() {
    return evidence;
  }

  /** What the enclave says. */
  public Claims claims() {
    return claims;
  }

  /** What the launcher started. */
  public Digest shim() {
    return launch.shim();
  }

  /** How the launcher isolated it. */
  public String isolation() {
    return launch.isolation();
  }

  /** What the hardware says of itself; empty for kind simulated. */
  public Optional<PlatformClaims> platform() {
    return Optional.ofNullable(platform);
  }

  /**
   * Which emulation vouched: a model, {@link TpmClaims#UNKNOWN}, or empty for hardware and for
   * kinds that are not emulated.
   */
  public String emulator() {
    return platform instanceof TpmClaims tpm ? tpm.emulator() : "";
  }
}
