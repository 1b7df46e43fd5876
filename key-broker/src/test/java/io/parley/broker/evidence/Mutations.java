package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.RefusedException;
import java.util.function.Function;

/** Every way to spoil bytes a little; none may be accepted, and none may surprise. */
public final class Mutations {
  private static final int[] MASKS = {0x01, 0x80, 0xff};

  private Mutations() {}

  /** Flips every byte, cuts at every length, adds bytes at the end. */
  public static void allRefused(
      ByteString good, Function<ByteString, Verification<?>> verification) {
    flipsRefused(good, 0, good.size(), verification);
    cutsRefused(good, verification);
    refused("a byte more", good.concat(ByteString.copyFrom(new byte[1])), verification);
    refused("a newline more", good.concat(ByteString.copyFromUtf8("\n")), verification);
    refused("itself twice", good.concat(good), verification);
    refused("nothing", ByteString.EMPTY, verification);
  }

  /** Flips every byte in a range. */
  public static void flipsRefused(
      ByteString good, int from, int to, Function<ByteString, Verification<?>> verification) {
    for (int at = from; at < to; at++) {
      byte[] changed = good.toByteArray();
      changed[at] ^= (byte) MASKS[at % MASKS.length];
      refused("byte %d changed".formatted(at), ByteString.copyFrom(changed), verification);
    }
  }

  /** Cuts at every length. */
  public static void cutsRefused(
      ByteString good, Function<ByteString, Verification<?>> verification) {
    for (int size = 0; size < good.size(); size++) {
      refused("cut to %d bytes".formatted(size), good.substring(0, size), verification);
    }
  }

  private static void refused(
      String what, ByteString bytes, Function<ByteString, Verification<?>> verification) {
    try {
      if (verification.apply(bytes) instanceof Verification.Genuine<?>) {
        throw new AssertionError(what + ": accepted");
      }
    } catch (RefusedException _) {
      // What a parser says to bytes that are not well formed.
    } catch (RuntimeException e) {
      throw new AssertionError(what + ": not caught", e);
    }
  }
}
