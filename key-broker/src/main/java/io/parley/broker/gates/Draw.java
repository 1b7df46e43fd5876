package io.parley.broker.gates;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.gate.GateVerdict;
import org.jspecify.annotations.Nullable;

/**
 * Which set an enclave was given.
 *
 * @param draw 32 random bytes
 * @param receiveKey suite and key in one, of the enclave that it was given to
 * @param signingKey of the same
 * @param generation of the step's certificates when it was drawn
 * @param verdict null while it is open
 */
record Draw(
    String jobId,
    String party,
    StoredSet set,
    ByteString draw,
    ByteString receiveKey,
    ByteString signingKey,
    long generation,
    @Nullable GateVerdict verdict) {
  Gate gate() {
    return set.gate();
  }

  boolean failed() {
    return verdict != null && verdict != GateVerdict.PASSED;
  }
}
