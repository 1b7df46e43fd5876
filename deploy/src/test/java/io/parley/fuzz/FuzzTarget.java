package io.parley.fuzz;

import java.util.List;

/**
 * One parser, and what must hold for every input: it is taken for what it says, or refused with a
 * RefusedException, in bounded memory.
 *
 * @param seeds good inputs; each must be taken
 * @param hints more to start from, good or bad
 */
record FuzzTarget(List<byte[]> seeds, List<byte[]> hints, Input input) {
  /** Takes one input. */
  @FunctionalInterface
  interface Input {
    /**
     * Whether it was taken.
     *
     * @throws io.parley.wire.RefusedException when it was not
     * @throws AssertionError when something is accepted that must not be
     */
    boolean take(byte[] bytes) throws Exception;
  }

  FuzzTarget(List<byte[]> seeds, Input input) {
    this(seeds, List.of(), input);
  }
}
