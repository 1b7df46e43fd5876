package io.parley.agreement.platform;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/**
 * The least security versions of the parts of an SEV-SNP machine, 0 to 255 each.
 *
 * @param fmc first mutable code; only Turin and later have it, 0 elsewhere
 */
public record SnpTcb(int fmc, int bootloader, int tee, int snp, int microcode) {
  static final int MAX = 255;

  /**
   * Checks the range.
   *
   * @throws RefusedException INVALID_AGREEMENT
   */
  public SnpTcb {
    if (((fmc | bootloader | tee | snp | microcode) & ~MAX) != 0) {
      throw new RefusedException(
          Reason.INVALID_AGREEMENT, "minimum_tcb: a version is not 0 to %d".formatted(MAX));
    }
  }
}
