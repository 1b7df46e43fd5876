package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.wire.Reason;

/**
 * What the platform must have been given to sign. There is no way to leave it out by accident: who
 * does not compare it says why.
 */
public sealed interface ExpectedReportData {
  /** Exactly these bytes: nothing is padded or cut. */
  record Exactly(ByteString bytes) implements ExpectedReportData {}

  /** Not compared: someone looks at evidence that was made for somebody else. */
  record Unchecked(String because) implements ExpectedReportData {}

  /**
   * Compares.
   *
   * @param claim the name of the field
   * @throws NotGenuineException EVIDENCE_REPORT_DATA_WRONG
   */
  default void check(String claim, ByteString seen) throws NotGenuineException {
    if (this instanceof Exactly(ByteString bytes) && !bytes.equals(seen)) {
      throw new NotGenuineException(
          Reason.EVIDENCE_REPORT_DATA_WRONG,
          claim,
          "the platform signed for something else; ask it again",
          Hex.of(bytes),
          Hex.of(seen));
    }
  }
}
