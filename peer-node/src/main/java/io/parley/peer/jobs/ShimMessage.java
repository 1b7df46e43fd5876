package io.parley.peer.jobs;

import com.google.protobuf.ByteString;

/** What a shim says to its host. The host's own shim, and yet nothing in it is taken on trust. */
public sealed interface ShimMessage {
  /** To whom a call goes. */
  enum Target {
    CREATE_CHALLENGE,
    REQUEST_KEYS,
    FINISH_JOB,
    READ_ANSWERS,
    RECORD_ANSWER,
    ATTEST
  }

  /** A call that the host forwards. */
  record Call(long id, Target target, ByteString request) implements ShimMessage {}

  /** It wants a stream to another party's enclave. */
  record OpenChannel(String toParty, String stream) implements ShimMessage {}

  /** It has a result, and wants a file to write it to. */
  record OpenResult(String result) implements ShimMessage {}

  /** For the host to keep beside a dataset's file. */
  record Certified(String dataset, ByteString certificate) implements ShimMessage {}

  record Progress(String phase, String message, long done, long total) implements ShimMessage {}

  /** The last message; the receipt is empty unless this enclave asked for it. */
  record Succeeded(ByteString receipt) implements ShimMessage {}

  /** The last message: google.rpc.Status bytes. */
  record Failed(ByteString status) implements ShimMessage {}
}
