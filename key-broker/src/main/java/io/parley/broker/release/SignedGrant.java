package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;

/**
 * A grant as it leaves.
 *
 * @param grant exact bytes
 * @param signature by the broker, over label and grant
 */
public record SignedGrant(ByteString grant, ByteString signature, VerifyingKey brokerKey)
    implements KeyAnswer {
  /** Label of a grant's signature. */
  public static final String LABEL = "parley/v1/grant";
}
