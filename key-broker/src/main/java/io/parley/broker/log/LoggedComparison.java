package io.parley.broker.log;

import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
import java.util.List;

/**
 * A comparison as it is stored: within limits, because part of it is what the asker chose to show.
 * What has no room is counted, not passed over in silence.
 */
final class LoggedComparison {
  /** Most claims. */
  static final int CLAIMS_MAX = 128;

  /**
   * Most bytes of all claims. The first may have more, its texts are cut: it says why keys were
   * refused.
   */
  static final int CLAIMS_BYTES_MAX = 24 << 10;

  private LoggedComparison() {}

  static Comparison of(List<Decision.Compared> claims) {
    Comparison.Builder comparison = Comparison.newBuilder();
    int bytes = 0;
    for (Decision.Compared compared : claims) {
      ComparedClaim claim = claim(compared);
      boolean room =
          comparison.getClaimsCount() < CLAIMS_MAX
              && bytes + claim.getSerializedSize() <= CLAIMS_BYTES_MAX;
      if (room || comparison.getClaimsCount() == 0) {
        comparison.addClaims(claim);
        bytes += claim.getSerializedSize();
      } else {
        comparison.setLeftOut(comparison.getLeftOut() + 1);
      }
    }
    return comparison.build();
  }

  private static ComparedClaim claim(Decision.Compared compared) {
    return ComparedClaim.newBuilder()
        .setClaim(Entry.cut(compared.claim()))
        .setExpected(Entry.cut(compared.expected()))
        .setSeen(Entry.cut(compared.seen()))
        .setReason(compared.reason())
        .setAdvice(Entry.cut(compared.advice()))
        .build();
  }
}
