package io.parley.link;

import java.util.List;

/**
 * One frame and what came with it. Whoever gets it owns the descriptors and closes them.
 *
 * <p>The array is the receiver's own: nobody else holds it.
 */
@SuppressWarnings("ArrayRecordComponent")
public record Received(byte[] frame, List<Descriptor> descriptors) implements AutoCloseable {
  public Received {
    descriptors = List.copyOf(descriptors);
  }

  /** Closes the descriptors that nobody took. */
  @Override
  public void close() {
    descriptors.forEach(Descriptor::close);
  }
}
