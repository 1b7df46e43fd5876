package io.parley.shim.host;

import com.google.protobuf.ByteString;

/**
 * The broker's answer as it came, not checked.
 *
 * @param grant exact bytes, which the signature covers
 * @param brokerKey the key that is said to have signed
 */
public record SignedGrant(ByteString grant, ByteString signature, ByteString brokerKey)
    implements KeyAnswer {}
