package io.parley.evidence;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Builds a {@link Manifest}. Files are hashed while they are copied: the copy is what was measured,
 * whatever happens to the source later.
 *
 * <p>Copies get the mode that the manifest says, and one constant time of modification, because a
 * class data archive names its jars by size and time. Links and special files are refused. Not
 * thread-safe.
 */
public final class ManifestBuilder {
  /** The time of modification of every copy. */
  public static final FileTime COPY_TIME = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));

  private static final int BUFFER_BYTES = 1 << 20;
  private static final Set<PosixFilePermission> EXECUTABLE =
      PosixFilePermissions.fromString("rwxr-xr-x");
  private static final Set<PosixFilePermission> PLAIN =
      PosixFilePermissions.fromString("rw-r--r--");

  private final Map<String, Manifest.Entry> files = new HashMap<>();
  private final Map<String, String> values = new HashMap<>();
  private final byte[] buffer = new byte[BUFFER_BYTES];
  private long totalBytes;

  ManifestBuilder() {}

  /** Adds something that is no file: an argument, a setting. One line. */
  public ManifestBuilder value(String name, String text) {
    if (values.put(ManifestNames.value(name), ManifestNames.text(name, text)) != null) {
      throw twice(name);
    }
    return this;
  }

  /** Copies a folder with all below it; the paths in the manifest are relative to it. */
  public ManifestBuilder stage(Path source, Path target) throws IOException {
    return stage(source, target, "", path -> true);
  }

  /**
   * Copies what a folder holds, as far as the filter takes it.
   *
   * @param prefix goes before every path in the manifest: empty, or ends with '/'
   * @param filter is asked for each path relative to the folder, folders first: what it refuses is
   *     neither measured nor copied, with all below
   */
  public ManifestBuilder stage(Path source, Path target, String prefix, Predicate<Path> filter)
      throws IOException {
    walk(source, target, prefix, filter);
    return this;
  }

  /** Measures a folder where it is. Only for what nobody else can write. */
  public ManifestBuilder measure(Path folder) throws IOException {
    walk(folder, null, "", path -> true);
    return this;
  }

  /** Copies one file; here the source may be a link, which is followed. */
  public ManifestBuilder stageFile(Path source, Path target, String name) throws IOException {
    Path real = source.toRealPath();
    add(real, target, name, Files.isExecutable(real));
    return this;
  }

  /** What was added so far. */
  public Manifest build() {
    return new Manifest(files, values);
  }

  private void walk(Path source, @Nullable Path target, String prefix, Predicate<Path> filter)
      throws IOException {
    Files.walkFileTree(
        source,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Path relative = source.relativize(folder);
            if (!folder.equals(source) && !filter.test(relative)) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            if (target != null) {
              Files.createDirectories(target.resolve(relative));
              Files.setPosixFilePermissions(target.resolve(relative), EXECUTABLE);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Path relative = source.relativize(file);
            if (filter.test(relative)) {
              refuseSpecial(file, attributes);
              @Nullable Path copy = target == null ? null : target.resolve(relative);
              add(file, copy, prefix + relative, executable(file));
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static boolean executable(Path file) throws IOException {
    return Files.getPosixFilePermissions(file, LinkOption.NOFOLLOW_LINKS)
        .contains(PosixFilePermission.OWNER_EXECUTE);
  }

  private void add(Path file, @Nullable Path copy, String name, boolean executable)
      throws IOException {
    if (files.size() >= Manifest.MAX_FILES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "more than %d files".formatted(Manifest.MAX_FILES));
    }
    Digest digest = copy == null ? digest(file, null) : copied(file, copy, executable);
    Manifest.Entry entry = new Manifest.Entry(executable, digest);
    if (files.put(ManifestNames.path(name), entry) != null) {
      throw twice(name);
    }
  }

  private Digest copied(Path file, Path copy, boolean executable) throws IOException {
    Files.createDirectories(copy.toAbsolutePath().getParent());
    Digest digest;
    try (OutputStream out =
        Files.newOutputStream(copy, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      digest = digest(file, out);
    }
    Files.setPosixFilePermissions(copy, executable ? EXECUTABLE : PLAIN);
    Files.setLastModifiedTime(copy, COPY_TIME);
    return digest;
  }

  private Digest digest(Path file, @Nullable OutputStream copy) throws IOException {
    MessageDigest sha256 = Digest.newSha256();
    try (InputStream in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        totalBytes += count;
        if (totalBytes > Manifest.MAX_TOTAL_BYTES) {
          throw new RefusedException(
              Reason.SIZE_LIMIT, "more than %d bytes".formatted(Manifest.MAX_TOTAL_BYTES));
        }
        sha256.update(buffer, 0, count);
        if (copy != null) {
          copy.write(buffer, 0, count);
        }
      }
    }
    return Digest.ofValue(sha256.digest());
  }

  private static void refuseSpecial(Path file, BasicFileAttributes attributes) {
    if (!attributes.isRegularFile()) {
      throw new RefusedException(
          Reason.INVALID_MANIFEST,
          "%s is a link or a special file; put the file itself there".formatted(file),
          Map.of("path", file.toString()));
    }
  }

  private static RefusedException twice(String name) {
    return new RefusedException(
        Reason.INVALID_MANIFEST,
        "'%s' twice in one manifest".formatted(name),
        Map.of("name", name));
  }
}
