package io.parley.wire;

import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * MEMORY_LIMIT, said in one way wherever it is found out: always what is needed, and the limit.
 *
 * <p>Metadata {@code what}, {@code need_bytes} and {@code limit_bytes}: the need is a number, or
 * {@code more than} and the limit where nobody knows the number, because the kernel only said no.
 */
public final class MemoryLimits {
  /** What whoever runs the node can do about an enclave's limit. */
  public static final String RAISE = "raise enclave.memory in parley.yaml, or ask for less";

  private static final String MORE_THAN = "more than ";

  private MemoryLimits() {}

  /**
   * The need is known, at least a lower bound of it.
   *
   * @param what is too large, as the beginning of a sentence
   * @param advice what to do about it
   */
  public static RefusedException exceeded(
      String what, long needBytes, long limitBytes, String advice) {
    return refused(
        "%s needs at least %d bytes of memory; the limit is %d; %s"
            .formatted(what, needBytes, limitBytes, advice),
        metadata(what, Long.toString(needBytes), limitBytes),
        null);
  }

  /** Only that the limit was not enough is known. */
  public static RefusedException exceeded(
      String what, long limitBytes, String advice, @Nullable Throwable cause) {
    return refused(
        "%s needs more than its limit of %d bytes of memory; %s"
            .formatted(what, limitBytes, advice),
        metadata(what, MORE_THAN + limitBytes, limitBytes),
        cause);
  }

  private static Map<String, String> metadata(String what, String need, long limitBytes) {
    Map<String, String> metadata = new TreeMap<>();
    metadata.put("what", what);
    metadata.put("need_bytes", need);
    metadata.put("limit_bytes", Long.toString(limitBytes));
    return metadata;
  }

  private static RefusedException refused(
      String message, Map<String, String> metadata, @Nullable Throwable cause) {
    return new RefusedException(Reason.MEMORY_LIMIT, message, metadata, cause);
  }
}
