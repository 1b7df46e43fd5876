package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.proto.broker.v1.ReadableEntry;
import java.io.IOException;
import java.util.List;

/** Where a log comes from that is to be checked. Nothing of it is believed. */
interface LogSource {
  /** The signed note to check against. */
  ByteString checkpoint() throws IOException;

  /**
   * Entries from this index on, in order: exact bytes where they are readable, leaf hashes always.
   *
   * @param size of the tree that is checked
   */
  List<ReadableEntry> entries(long start, long size) throws IOException;
}
