package io.parley.agreement;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;

/**
 * The text form of an agreement, for people. What is signed are the bytes that {@link
 * AgreementDraft#resolve} gives, never the text.
 */
public final class AgreementYaml {
  /** Stands for the consortium's broker, or the shim of this installation. */
  static final String LOCAL = "local";

  /** Stands for {@link Environment#STRICT_TESTS}. */
  static final String STRICT = "strict";

  private AgreementYaml() {}

  /**
   * Reads a draft.
   *
   * @param fileName for messages
   * @throws RefusedException INVALID_AGREEMENT that lists every problem with line and column:
   *     unknown and duplicate keys, wrong types, missing sections, broken references, conditions
   *     that this version does not enforce; SIZE_LIMIT above {@value Limits#MAX_DOCUMENT_BYTES}
   *     bytes
   */
  public static AgreementDraft parse(String text, String fileName) {
    int size = text.getBytes(StandardCharsets.UTF_8).length;
    if (size > Limits.MAX_DOCUMENT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "%s has %d bytes; at most %d".formatted(fileName, size, Limits.MAX_DOCUMENT_BYTES));
    }
    return new AgreementYamlReader(text, fileName).read();
  }

  /**
   * An agreement as text that {@link #parse} reads back. Digests stand in full; what a text cannot
   * hold, such as the parties' keys, stands in comments.
   */
  public static String write(Agreement agreement) {
    return new AgreementYamlWriter(agreement).write();
  }
}
