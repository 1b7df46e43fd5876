package io.parley.shim.host;

import com.google.protobuf.ByteString;

/**
 * A gate order as it came; nothing of it is checked.
 *
 * @param order exact bytes
 */
public record SignedGateOrder(ByteString order, ByteString signature, ByteString brokerKey)
    implements KeyAnswer {}
