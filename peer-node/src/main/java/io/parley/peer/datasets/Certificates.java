package io.parley.peer.datasets;

import com.google.protobuf.ByteString;
import io.parley.peer.store.DatasetRecord;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * What enclaves give for the next job, beside the Arrow file that it is about: {@code
 * ID.arrow.AGREEMENT.certificate}, one for each agreement, readable by the node's user only.
 * Nothing is lost with one, but the time to make it again: what cannot be read is not there. Not
 * thread-safe.
 */
final class Certificates {
  /** Of one; enclaves give 124. */
  static final int SIZE_BYTES_MAX = 1024;

  /** Of one dataset; agreements end, and nobody says so here. */
  static final int COUNT_MAX = 256;

  private static final String SUFFIX = ".certificate";

  private final Path root;

  /**
   * @param root of the datasets
   */
  Certificates(Path root) {
    this.root = root;
  }

  /** Empty where there is none. */
  ByteString read(DatasetRecord dataset, Digest agreement) {
    Path file = file(dataset, agreement);
    try {
      return Files.size(file) <= SIZE_BYTES_MAX
          ? ByteString.copyFrom(Files.readAllBytes(file))
          : ByteString.EMPTY;
    } catch (IOException e) {
      return ByteString.EMPTY;
    }
  }

  /** Keeps one, in the place of an earlier one; a reader sees the whole of either. */
  void write(DatasetRecord dataset, Digest agreement, ByteString certificate, Path spool)
      throws IOException {
    List<Path> others = of(root.resolve(dataset.file()));
    if (others.size() >= COUNT_MAX) {
      delete(dataset);
    }
    try {
      Files.createFile(
          spool,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
      Files.write(spool, certificate.toByteArray());
      Files.move(
          spool,
          file(dataset, agreement),
          StandardCopyOption.ATOMIC_MOVE,
          StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(spool);
    }
  }

  /** Deletes all of a dataset's. */
  void delete(DatasetRecord dataset) {
    try {
      of(root.resolve(dataset.file())).forEach(ArrowOutput::deleteQuietly);
    } catch (IOException e) {
      // Start-up removes what nothing refers to.
    }
  }

  /** All that are beside an Arrow file. */
  static List<Path> of(Path arrow) throws IOException {
    String prefix = arrow.getFileName() + ".";
    try (Stream<Path> files = Files.list(Objects.requireNonNull(arrow.getParent()))) {
      return files
          .filter(file -> {
            String name = file.getFileName().toString();
            return name.startsWith(prefix) && name.endsWith(SUFFIX);
          })
          .toList();
    }
  }

  private Path file(DatasetRecord dataset, Digest agreement) {
    return root.resolve(dataset.file() + "." + agreement.hex() + SUFFIX);
  }
}
