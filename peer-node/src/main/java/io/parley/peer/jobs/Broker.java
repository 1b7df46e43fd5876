package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Credentials.Credential;
import io.parley.wire.Digest;

/**
 * The key broker, as a node calls it. Thread-safe. Calls block, and fail with a ParleyException:
 * what the broker answered, or BROKER_UNAVAILABLE.
 */
public interface Broker {
  /** Where an agreement is in its life, as the broker says. */
  enum Standing {
    PROPOSED,
    ACTIVE,
    HALTED,
    EXPIRED,
    SUPERSEDED,
    SHREDDED
  }

  /** An agreement with the signatures so far, none of them checked by the broker's word alone. */
  record Agreed(SignedAgreement signed, Standing standing) {}

  Agreed agreement(Digest digest);

  /** Counts the job; the same request twice counts once. */
  void createJob(String requestId, String jobId, Digest agreement, Digest job);

  /** A challenge for the TPM that vouches for this party's enclave; good once, a few minutes. */
  Credential createCredential(String jobId, String party, Credentials.Wish wish);

  /**
   * Forwards a shim's call, after looking that it is about this job and this party and nothing
   * else.
   *
   * @return the response message's bytes
   */
  ByteString forward(ShimMessage.Target target, ByteString request, String jobId, String party);
}
