package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;

/**
 * What a channel between two enclaves is for. Both ends must name the same, or nothing that one
 * seals opens at the other.
 *
 * @param agreement digest of the agreement
 * @param job digest of the exact JobSpec bytes
 * @param initiator party whose enclave asked for the channel
 * @param acceptor the other party
 * @param stream its name, for example "dataset/admissions"
 */
public record ChannelContext(
    Digest agreement, Digest job, String initiator, String acceptor, String stream) {

  private static final String LABEL = "parley/v1/channel-key";

  /** HKDF info of the key for records towards the acceptor. */
  ByteString towardsAcceptor() {
    return info("to-acceptor");
  }

  /** HKDF info of the key for records towards the initiator. */
  ByteString towardsInitiator() {
    return info("to-initiator");
  }

  private ByteString info(String direction) {
    return Fields.label(LABEL)
        .add(agreement.value())
        .add(job.value())
        .add(initiator)
        .add(acceptor)
        .add(stream)
        .add(direction)
        .toByteString();
  }
}
