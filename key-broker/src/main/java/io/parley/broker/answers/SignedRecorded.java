package io.parley.broker.answers;

import com.google.protobuf.ByteString;

/**
 * That an answer is on record, as it leaves.
 *
 * @param recorded exact bytes
 * @param signature by the broker, over label and bytes
 */
public record SignedRecorded(ByteString recorded, ByteString signature) {}
