package io.parley.shim.measure;

import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * An app as it was measured.
 *
 * @param digest of the manifest over every file of the copy
 * @param folder the copy, which nobody but this enclave can write
 * @param sizeBytes of the copy, which is memory
 */
public record MeasuredApp(Digest digest, Path folder, long sizeBytes) {
  /** Name of the file that says how an app is started. */
  public static final String DESCRIPTION = "app.yaml";

  /** What an app says that it enforces, when it keeps to usage and smallest groups. */
  public static final String RULES = "rules";

  private static final long DESCRIPTION_BYTES_MAX = 64 << 10;

  /**
   * Program and arguments, from the copy's app.yaml.
   *
   * @throws RefusedException INVALID_APP with the line
   */
  public List<String> command() {
    return description().command();
  }

  /**
   * Whether its app.yaml says that it enforces this condition.
   *
   * @throws RefusedException INVALID_APP with the line
   */
  public boolean enforces(String condition) {
    return description().enforces().contains(condition);
  }

  private AppDescription description() {
    Path file = folder.resolve(DESCRIPTION);
    try {
      if (!Files.isRegularFile(file) || Files.size(file) > DESCRIPTION_BYTES_MAX) {
        throw new RefusedException(
            Reason.INVALID_APP,
            "the app has no %s of at most %d bytes".formatted(DESCRIPTION, DESCRIPTION_BYTES_MAX),
            Map.of("file", DESCRIPTION));
      }
      return AppDescription.of(Files.readString(file));
    } catch (CharacterCodingException e) {
      throw new RefusedException(
          Reason.INVALID_APP, DESCRIPTION + " is not UTF-8", Map.of("file", DESCRIPTION), e);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, DESCRIPTION + " can't be read", Map.of("file", DESCRIPTION), e);
    }
  }
}
