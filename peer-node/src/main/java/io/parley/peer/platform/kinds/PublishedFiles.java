package io.parley.peer.platform.kinds;

import com.google.protobuf.ByteString;
import io.parley.evidence.HardwareDocument;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What vendors publish, from folders that the party keeps up to date. Nothing is verified here. */
final class PublishedFiles {
  private PublishedFiles() {}

  /**
   * All files of a folder as they are, in the order of their names; none without a folder.
   *
   * @throws EnvironmentException PLATFORM_UNAVAILABLE when there are too many or too large ones
   */
  static List<ByteString> collateral(@Nullable Path folder) {
    List<ByteString> all = new ArrayList<>();
    for (Path file : files(folder)) {
      all.add(bytes(file, HardwareDocument.MAX_COLLATERAL_BYTES));
    }
    return all;
  }

  /**
   * All certificates of a folder's files, PEM or DER, as DER.
   *
   * @throws EnvironmentException PLATFORM_UNAVAILABLE when one cannot be read
   */
  static List<ByteString> certificates(@Nullable Path folder) {
    List<ByteString> all = new ArrayList<>();
    for (Path file : files(folder)) {
      ByteString bytes = bytes(file, HardwareDocument.MAX_COLLATERAL_BYTES);
      try (InputStream in = new ByteArrayInputStream(bytes.toByteArray())) {
        for (Certificate each : CertificateFactory.getInstance("X.509").generateCertificates(in)) {
          all.add(ByteString.copyFrom(each.getEncoded()));
        }
      } catch (CertificateException | IOException e) {
        throw wrong(file, "holds no certificates", e);
      }
    }
    return all;
  }

  private static List<Path> files(@Nullable Path folder) {
    if (folder == null) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> sorted = files.filter(Files::isRegularFile).sorted().toList();
      if (sorted.size() > HardwareDocument.MAX_PARTS) {
        throw wrong(
            folder,
            "has %d files; evidence holds %d".formatted(sorted.size(), HardwareDocument.MAX_PARTS),
            null);
      }
      return sorted;
    } catch (IOException e) {
      throw wrong(folder, "cannot be listed: " + e.getMessage(), e);
    }
  }

  private static ByteString bytes(Path file, int most) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(most + 1);
      if (bytes.length == 0 || bytes.length > most) {
        throw wrong(file, "is empty, or has more than %d bytes".formatted(most), null);
      }
      return ByteString.copyFrom(bytes);
    } catch (IOException e) {
      throw wrong(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  private static EnvironmentException wrong(Path file, String what, @Nullable Exception cause) {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE,
        "%s %s".formatted(file, what),
        Map.of("file", file.toString()),
        cause);
  }
}
