package io.parley.broker.gates;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Gate;
import io.parley.seal.SealedBytes;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.time.Instant;

/**
 * A verification set as the broker holds it.
 *
 * @param number its place among all that the broker has
 * @param gate whose it is, and before what
 * @param digest of the exact bytes of the set itself
 * @param sizeBytes of the same
 * @param sealed bytes of a SealedBytes; empty once nobody needs it any more
 */
record StoredSet(
    long number,
    Digest agreement,
    Gate gate,
    Digest digest,
    String name,
    long sizeBytes,
    ByteString sealed,
    Instant addedAt,
    boolean removed) {
  String owner() {
    return gate.owner();
  }

  SealedBytes sealedBytes() {
    try {
      return SealedBytes.fromMessage(io.parley.proto.enclave.v1.SealedBytes.parseFrom(sealed));
    } catch (InvalidProtocolBufferException e) {
      throw new BugException("a stored verification set cannot be read", e);
    }
  }
}
