package io.parley.sdk;

import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * An app's failure, with a stable reason. It leaves the enclave: the message says what was
 * expected, what came and what to do, and never holds a value or a count taken from a dataset.
 */
public final class AppException extends RuntimeException {
  private static final long serialVersionUID = 1L;
  private static final Pattern REASON = Pattern.compile("[A-Z][A-Z0-9_]{2,62}");

  private final String reason;
  private final transient Map<String, String> metadata;

  /** Without metadata. */
  public AppException(String reason, String message) {
    this(reason, message, Map.of());
  }

  /**
   * @param reason upper-snake, the same for the same cause, for example {@code INVALID_QUERY}
   * @param message for people
   * @param metadata the variables of the message, by name
   */
  public AppException(String reason, String message, Map<String, String> metadata) {
    super(Objects.requireNonNull(message, "message"));
    if (!REASON.matcher(reason).matches()) {
      throw new IllegalArgumentException(
          "reason '%s' is not upper-snake, such as INVALID_QUERY".formatted(reason));
    }
    this.reason = reason;
    this.metadata = Map.copyOf(metadata);
  }

  public String reason() {
    return reason;
  }

  /** In the order of the names. */
  public Map<String, String> metadata() {
    return new TreeMap<>(metadata);
  }

  /** The message; never null. */
  public String text() {
    return Objects.requireNonNullElse(getMessage(), reason);
  }
}
