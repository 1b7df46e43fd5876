package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.wire.ParleyException;
import java.util.List;

/** What can happen to a job while it runs. */
sealed interface JobEvent {
  /** Another node said something. */
  record Said(String party, PeerMessage message) implements JobEvent {}

  /** Another node is gone. */
  record Gone(String party, ParleyException why) implements JobEvent {}

  /** The own enclave has got on; the newest progress is in the run. */
  record Progressed() implements JobEvent {}

  /** The own enclave is done. */
  record EnclaveDone(ByteString receipt, List<SealedResult> results) implements JobEvent {}

  /** Something failed, at this party. */
  record Failed(String party, ParleyException why) implements JobEvent {}

  /** Somebody asked to stop it. */
  record Cancelled(String who, String reason) implements JobEvent {}

  /** Work that was done elsewhere, and goes on here. */
  record Continue(Runnable then) implements JobEvent {}
}
