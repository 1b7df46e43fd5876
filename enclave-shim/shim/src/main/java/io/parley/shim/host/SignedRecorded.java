package io.parley.shim.host;

import com.google.protobuf.ByteString;

/**
 * That an answer was recorded, as it came, not checked.
 *
 * @param recorded exact bytes, which the signature covers
 */
public record SignedRecorded(ByteString recorded, ByteString signature) {}
