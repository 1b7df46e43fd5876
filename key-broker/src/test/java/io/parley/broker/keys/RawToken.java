package io.parley.broker.keys;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/** A token as whoever shares its login sees it, past the vault and the JDK: what can be taken? */
final class RawToken implements AutoCloseable {
  static final long CKA_TOKEN = 0x1;
  static final long CKA_PRIVATE = 0x2;
  static final long CKA_VALUE = 0x11;
  static final long CKA_SENSITIVE = 0x103;
  static final long CKA_WRAP = 0x106;
  static final long CKA_UNWRAP = 0x107;
  static final long CKA_SIGN = 0x108;
  static final long CKA_DERIVE = 0x10c;
  static final long CKA_VALUE_LEN = 0x161;
  static final long CKA_EXTRACTABLE = 0x162;
  static final long CKA_NEVER_EXTRACTABLE = 0x164;
  static final long CKA_ALWAYS_SENSITIVE = 0x165;
  static final long CKA_ENCRYPT = 0x104;

  private static final long CKA_CLASS = 0x0;
  private static final long CKA_LABEL = 0x3;
  private static final long CKA_KEY_TYPE = 0x100;
  private static final long CKO_SECRET_KEY = 4;
  private static final long CKK_AES = 0x1f;
  private static final long CKM_AES_KEY_GEN = 0x1080;
  private static final long CKM_AES_KEY_WRAP = 0x2109;
  private static final long CKF_SERIAL_RW = 0x6;

  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;
  private static final MethodHandle CALL =
      Linker.nativeLinker()
          .downcallHandle(FunctionDescriptor.of(LONG, LONG, LONG, LONG, LONG, LONG, LONG));

  private final Arena arena = Arena.ofConfined();
  private final SymbolLookup library;
  private final long session;

  RawToken(Path path, String label) throws TokenException {
    library = SymbolLookup.libraryLookup(path, arena);
    long slot = Objects.requireNonNull(Cryptoki.load(path).slotsByLabel().get(label), label);
    MemorySegment opened = arena.allocate(LONG);
    require(call("C_OpenSession", slot, CKF_SERIAL_RW, 0, 0, opened.address(), 0));
    session = opened.get(LONG, 0);
  }

  /** Objects of this label. */
  List<Long> find(String label) {
    MemorySegment text = arena.allocateFrom(label, StandardCharsets.UTF_8);
    MemorySegment template = attribute(CKA_LABEL, text, text.byteSize() - 1);
    require(call("C_FindObjectsInit", session, template.address(), 1, 0, 0, 0));
    MemorySegment found = arena.allocate(LONG, 16);
    MemorySegment count = arena.allocate(LONG);
    require(call("C_FindObjects", session, found.address(), 16, count.address(), 0, 0));
    require(call("C_FindObjectsFinal", session, 0, 0, 0, 0, 0));
    return java.util.stream.LongStream.range(0, count.get(LONG, 0))
        .mapToObj(i -> found.getAtIndex(LONG, i))
        .toList();
  }

  boolean flag(long object, long type) {
    MemorySegment value = arena.allocate(1);
    require(get(object, attribute(type, value, 1)));
    return value.get(ValueLayout.JAVA_BYTE, 0) == 1;
  }

  long number(long object, long type) {
    MemorySegment value = arena.allocate(LONG);
    require(get(object, attribute(type, value, Long.BYTES)));
    return value.get(LONG, 0);
  }

  /** What C_GetAttributeValue says when asked for the key itself. */
  long readValue(long object) {
    return get(object, attribute(CKA_VALUE, arena.allocate(64), 64));
  }

  /** What C_SetAttributeValue says. */
  long setFlag(long object, long type, boolean to) {
    return call("C_SetAttributeValue", session, object, flag(type, to).address(), 1, 0, 0);
  }

  /** What C_CopyObject says to a copy with another flag. */
  long copyWith(long object, long type, boolean to) {
    return call(
        "C_CopyObject",
        session,
        object,
        flag(type, to).address(),
        1,
        arena.allocate(LONG).address(),
        0);
  }

  /** What C_WrapKey says when a key of ours is to carry it out. */
  long wrapBy(long object) {
    MemorySegment template = arena.allocate(24 * 6, 8);
    put(template, 0, attribute(CKA_CLASS, number(CKO_SECRET_KEY), 8));
    put(template, 1, attribute(CKA_KEY_TYPE, number(CKK_AES), 8));
    put(template, 2, attribute(CKA_VALUE_LEN, number(32), 8));
    put(template, 3, flag(CKA_TOKEN, false));
    put(template, 4, flag(CKA_WRAP, true));
    put(template, 5, flag(CKA_ENCRYPT, true));
    MemorySegment own = arena.allocate(LONG);
    require(
        call(
            "C_GenerateKey",
            session,
            mechanism(CKM_AES_KEY_GEN).address(),
            template.address(),
            6,
            own.address(),
            0));
    MemorySegment length = arena.allocate(LONG);
    length.set(LONG, 0, 256);
    return call(
        "C_WrapKey",
        session,
        mechanism(CKM_AES_KEY_WRAP).address(),
        own.get(LONG, 0),
        object,
        arena.allocate(256).address(),
        length.address());
  }

  @Override
  public void close() {
    require(call("C_CloseSession", session, 0, 0, 0, 0, 0));
    arena.close();
  }

  private long get(long object, MemorySegment attribute) {
    return call("C_GetAttributeValue", session, object, attribute.address(), 1, 0, 0);
  }

  private MemorySegment mechanism(long type) {
    MemorySegment mechanism = arena.allocate(24, 8);
    mechanism.set(LONG, 0, type);
    return mechanism;
  }

  private MemorySegment number(long value) {
    MemorySegment number = arena.allocate(LONG);
    number.set(LONG, 0, value);
    return number;
  }

  private MemorySegment flag(long type, boolean value) {
    MemorySegment flag = arena.allocate(1);
    flag.set(ValueLayout.JAVA_BYTE, 0, (byte) (value ? 1 : 0));
    return attribute(type, flag, 1);
  }

  private MemorySegment attribute(long type, MemorySegment value, long size) {
    MemorySegment attribute = arena.allocate(24, 8);
    attribute.set(LONG, 0, type);
    attribute.set(LONG, 8, value.address());
    attribute.set(LONG, 16, size);
    return attribute;
  }

  private static void put(MemorySegment template, int index, MemorySegment attribute) {
    MemorySegment.copy(attribute, 0, template, 24L * index, 24);
  }

  private long call(String function, long a, long b, long c, long d, long e, long f) {
    try {
      return (long) CALL.invokeExact(library.find(function).orElseThrow(), a, b, c, d, e, f);
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable failure) {
      throw new AssertionError(failure);
    }
  }

  private static void require(long answer) {
    if (answer != 0) {
      throw new AssertionError("the token answered 0x%x".formatted(answer));
    }
  }
}
