package io.parley.broker.log;

import com.google.protobuf.ByteString;

/** Authenticates the end of the log under a key that only the broker has. Thread-safe. */
@FunctionalInterface
public interface LogSeal {
  /** A MAC over the bytes; the same bytes always give the same MAC. */
  ByteString seal(ByteString head);
}
