package io.parley.link;

import io.parley.wire.BugException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * One function of the C library. The answer is the function's own, or {@code -errno} where the
 * function said -1.
 *
 * <p>Every function goes through one call shape, six longs to a long, because each shape that a
 * fresh JVM links costs tens of milliseconds. Integers and pointers fit it on the 64-bit Linux
 * calling conventions; doubles and structs by value do not.
 *
 * <p>Thread-safe. A call blocks its platform thread (and pins a virtual one), never the garbage
 * collector. Whoever passes an address keeps that memory alive until the call is back.
 */
public final class Libc {
  private static final Linker LINKER = Linker.nativeLinker();
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MethodHandle CALL =
      LINKER.downcallHandle(
          FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG),
          Linker.Option.captureCallState("errno"));
  private static final long ERRNO_OFFSET =
      Linker.Option.captureStateLayout().byteOffset(MemoryLayout.PathElement.groupElement("errno"));
  private static final long STATE_BYTES = Linker.Option.captureStateLayout().byteSize();
  private static final Libc STRERROR = function("strerror");
  private static final long MAX_ERROR_TEXT_BYTES = 256;

  private final MemorySegment address;

  private Libc(MemorySegment address) {
    this.address = address;
  }

  /** The function of that name. */
  public static Libc function(String name) {
    return new Libc(
        LINKER
            .defaultLookup()
            .find(name)
            .orElseThrow(() -> new BugException("the C library has no function " + name)));
  }

  /** Calls a function that returns an {@code int}. */
  public int callInt(long... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE_BYTES, Integer.BYTES);
      int result = (int) invoke(state, arguments);
      return result == -1 ? -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
    }
  }

  /** Calls a function that returns a {@code long}, a {@code ssize_t} or an address. */
  public long callLong(long... arguments) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment state = arena.allocate(STATE_BYTES, Integer.BYTES);
      long result = invoke(state, arguments);
      return result == -1 ? -state.get(ValueLayout.JAVA_INT, ERRNO_OFFSET) : result;
    }
  }

  /** The system's words for an error number. */
  public static String describe(long errno) {
    try (Arena arena = Arena.ofConfined()) {
      long text = STRERROR.invoke(arena.allocate(STATE_BYTES, Integer.BYTES), errno);
      return MemorySegment.ofAddress(text).reinterpret(MAX_ERROR_TEXT_BYTES).getString(0);
    }
  }

  private long invoke(MemorySegment state, long... a) {
    try {
      return switch (a.length) {
        case 0 -> (long) CALL.invokeExact(address, state, 0L, 0L, 0L, 0L, 0L, 0L);
        case 1 -> (long) CALL.invokeExact(address, state, a[0], 0L, 0L, 0L, 0L, 0L);
        case 2 -> (long) CALL.invokeExact(address, state, a[0], a[1], 0L, 0L, 0L, 0L);
        case 3 -> (long) CALL.invokeExact(address, state, a[0], a[1], a[2], 0L, 0L, 0L);
        case 4 -> (long) CALL.invokeExact(address, state, a[0], a[1], a[2], a[3], 0L, 0L);
        case 5 -> (long) CALL.invokeExact(address, state, a[0], a[1], a[2], a[3], a[4], 0L);
        case 6 -> (long) CALL.invokeExact(address, state, a[0], a[1], a[2], a[3], a[4], a[5]);
        default -> throw new BugException("at most 6 arguments, not " + a.length);
      };
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new BugException("a call to the C library threw", e);
    }
  }
}
