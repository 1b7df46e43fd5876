package io.parley.broker.policy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.OnceOnly;
import io.parley.broker.jobs.StoredJob;

/**
 * A nonce and what it was given out for.
 *
 * @param job as it was stored, of which nothing ever changes
 */
public record Challenge(ByteString nonce, StoredJob job, String party) {
  /** Length of a nonce. */
  public static final int NONCE_BYTES = OnceOnly.NUMBER_BYTES;
}
