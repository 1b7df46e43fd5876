package io.parley.broker.policy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.OnceOnly;

/** A nonce and what it was given out for. */
public record Challenge(ByteString nonce, String jobId, String party) {
  /** Length of a nonce. */
  public static final int NONCE_BYTES = OnceOnly.NUMBER_BYTES;
}
