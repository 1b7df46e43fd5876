package io.parley.broker.keys;

import io.parley.wire.BugException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/**
 * The few calls of a PKCS#11 library (OASIS PKCS #11 version 2.40) that the JDK's provider leaves
 * to us: it takes a slot's number, and people know tokens by label; and it initialises a library
 * once, so that one whose device came back must be initialised from here. Structures are those of
 * 64-bit Linux. Thread-safe.
 */
final class Cryptoki {
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MethodHandle CALL =
      Linker.nativeLinker().downcallHandle(FunctionDescriptor.of(LONG, LONG, LONG, LONG));

  private static final long CKR_OK = 0;
  private static final long CKR_ALREADY_INITIALIZED = 0x191;

  // CK_FUNCTION_LIST: a version of two bytes, then pointers, in the order of the standard.
  private static final int POINTERS_OFFSET = 8;
  private static final int FUNCTION_LIST_BYTES = POINTERS_OFFSET + 7 * Long.BYTES;
  private static final int C_INITIALIZE = 0;
  private static final int C_FINALIZE = 1;
  private static final int C_GET_SLOT_LIST = 4;
  private static final int C_GET_TOKEN_INFO = 6;

  // CK_C_INITIALIZE_ARGS: four pointers, flags, one pointer.
  private static final int INITIALIZE_ARGS_BYTES = 48;
  private static final int FLAGS_OFFSET = 32;
  private static final long CKF_OS_LOCKING_OK = 2;

  // CK_TOKEN_INFO begins with the label, padded with spaces; the rest has less than this.
  private static final int TOKEN_INFO_BYTES = 512;
  private static final int LABEL_BYTES = 32;
  private static final int SLOTS_MAX = 1024;

  private final MemorySegment functions;

  private Cryptoki(MemorySegment functions) {
    this.functions = functions;
  }

  /**
   * Loads the library, once and for the process's life.
   *
   * @throws TokenException when it is no PKCS#11 library
   */
  static Cryptoki load(Path library) throws TokenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment getFunctionList =
          SymbolLookup.libraryLookup(library, Arena.global())
              .find("C_GetFunctionList")
              .orElseThrow(() -> new TokenException(library + " is no PKCS#11 library"));
      MemorySegment list = arena.allocate(LONG);
      require("C_GetFunctionList", call(getFunctionList, list.address(), 0, 0));
      return new Cryptoki(
          MemorySegment.ofAddress(list.get(LONG, 0)).reinterpret(FUNCTION_LIST_BYTES));
    } catch (IllegalArgumentException e) {
      throw new TokenException("cannot load " + library + ": " + e.getMessage(), e);
    }
  }

  /** C_Initialize, for many threads. No effect when that was done. */
  void initialize() throws TokenException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment arguments = arena.allocate(INITIALIZE_ARGS_BYTES, Long.BYTES);
      arguments.set(LONG, FLAGS_OFFSET, CKF_OS_LOCKING_OK);
      long answer = call(function(C_INITIALIZE), arguments.address(), 0, 0);
      if (answer != CKR_ALREADY_INITIALIZED) {
        require("C_Initialize", answer);
      }
    }
  }

  /** C_Finalize: all sessions of this process are gone. */
  void finish() throws TokenException {
    require("C_Finalize", call(function(C_FINALIZE), 0, 0, 0));
  }

  /** Slots with a token, by the tokens' labels; where two tokens share one, that slot is -1. */
  Map<String, Long> slotsByLabel() throws TokenException {
    Map<String, Long> slots = new TreeMap<>();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment count = arena.allocate(LONG);
      count.set(LONG, 0, SLOTS_MAX);
      MemorySegment ids = arena.allocate(LONG, SLOTS_MAX);
      require("C_GetSlotList", call(function(C_GET_SLOT_LIST), 1, ids.address(), count.address()));
      MemorySegment info = arena.allocate(TOKEN_INFO_BYTES, Long.BYTES);
      for (long i = 0; i < count.get(LONG, 0); i++) {
        long slot = ids.getAtIndex(LONG, i);
        // A token that was pulled out meanwhile is not there.
        if (call(function(C_GET_TOKEN_INFO), slot, info.address(), 0) == CKR_OK) {
          byte[] label = info.asSlice(0, LABEL_BYTES).toArray(ValueLayout.JAVA_BYTE);
          slots.merge(
              new String(label, StandardCharsets.UTF_8).stripTrailing(), slot, (a, b) -> -1L);
        }
      }
    }
    return slots;
  }

  private MemorySegment function(int index) {
    return MemorySegment.ofAddress(
        functions.get(LONG, POINTERS_OFFSET + (long) index * Long.BYTES));
  }

  private static void require(String function, long answer) throws TokenException {
    if (answer != CKR_OK) {
      throw new TokenException("%s answered 0x%x".formatted(function, answer));
    }
  }

  private static long call(MemorySegment function, long a, long b, long c) {
    try {
      return (long) CALL.invokeExact(function, a, b, c);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new BugException("a call to the PKCS#11 library threw", e);
    }
  }
}
