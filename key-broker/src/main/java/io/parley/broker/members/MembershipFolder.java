package io.parley.broker.members;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * A folder of signed membership lists: one DSSE envelope per file, {@code *.dsse}, in the order of
 * their numbers. Nothing in it is trusted until a chain is made of it.
 */
public final class MembershipFolder {
  private static final long FILE_BYTES_MAX = 4 << 20;

  private MembershipFolder() {}

  /**
   * Reads all lists.
   *
   * @throws EnvironmentException IO_FAILED when the folder cannot be read or holds no list
   */
  public static List<DsseEnvelope> read(Path folder) {
    List<DsseEnvelope> lists = new ArrayList<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "*.dsse")) {
      // 10000.dsse comes after 9999.dsse.
      TreeSet<Path> sorted =
          new TreeSet<>(
              Comparator.comparing((Path file) -> file.toString().length())
                  .thenComparing(Comparator.naturalOrder()));
      files.forEach(sorted::add);
      for (Path file : sorted) {
        if (Files.size(file) > FILE_BYTES_MAX) {
          throw failed(folder, "%s is too large for a list".formatted(file.getFileName()), null);
        }
        lists.add(DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file))));
      }
    } catch (IOException e) {
      throw failed(folder, "cannot be read: " + e, e);
    }
    if (lists.isEmpty()) {
      throw failed(
          folder, "holds no *.dsse file; found a consortium first (parley consortium init)", null);
    }
    return lists;
  }

  private static EnvironmentException failed(
      Path folder, String problem, @org.jspecify.annotations.Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "membership folder %s %s".formatted(folder, problem),
        Map.of("folder", folder.toString()),
        cause);
  }
}
