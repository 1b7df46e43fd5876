package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;

/**
 * A gate order as it leaves.
 *
 * @param order exact bytes
 * @param signature by the broker, over label and order
 */
public record SignedGateOrder(ByteString order, ByteString signature, VerifyingKey brokerKey)
    implements KeyAnswer {}
