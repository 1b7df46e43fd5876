package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.SgxClaims;
import io.parley.wire.Reason;
import java.util.List;

/** What holds for every SGX enclave; there is no policy of which enclave is wanted. */
public final class SgxCheck {
  private static final String NO_POLICY = "there are no policies for this kind";

  private SgxCheck() {}

  /**
   * Claim by claim.
   *
   * @param collateral whether any was given
   */
  public static List<Comparison> compare(SgxClaims claims, boolean collateral) {
    Comparisons all = new Comparisons();
    all.equal(
        Reason.EVIDENCE_DEBUG,
        "debug",
        PlatformCheck.refused(),
        claims.debug(),
        "start the enclave without debugging: the host can read its memory");
    TcbCheck.genuineOnly(NO_POLICY, collateral).compare(all, claims.tcb());
    measurement(all, "mr_enclave", claims.mrEnclave());
    measurement(all, "mr_signer", claims.mrSigner());
    return all.all();
  }

  private static void measurement(Comparisons all, String claim, ByteString seen) {
    all.equal(
        Reason.EVIDENCE_MEASUREMENT_WRONG,
        claim,
        new Expected.Unchecked<>(NO_POLICY),
        seen,
        "start the enclave that is wanted");
  }
}
