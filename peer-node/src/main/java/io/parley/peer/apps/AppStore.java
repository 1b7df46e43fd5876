package io.parley.peer.apps;

import io.parley.evidence.Manifest;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The apps of a node: those of the distribution, and those that were added, each in a folder named
 * by its digest. A folder appears whole or not at all, and is never changed.
 *
 * <p>Safe for use by several threads; one process at a time.
 */
public final class AppStore {
  private static final String INCOMING = "incoming-";
  private static final String NAME = "[0-9a-f]{64}";

  private final Path folder;
  private final ConcurrentMap<Digest, StoredApp> apps = new ConcurrentHashMap<>();

  private AppStore(Path folder) {
    this.folder = folder;
  }

  /**
   * Opens the store, and removes what an earlier process left half done.
   *
   * @param folder where added apps are kept; created
   * @param bundled folder of the distribution with one folder per app; may be missing
   * @throws EnvironmentException STORE_FAILED
   */
  public static AppStore open(Path folder, Path bundled) {
    AppStore store = new AppStore(folder);
    try {
      Files.createDirectories(folder);
      for (Path child : children(folder)) {
        if (child.getFileName().toString().startsWith(INCOMING)) {
          delete(child);
        } else if (child.getFileName().toString().matches(NAME)) {
          Digest digest = Digest.parse("sha256:" + child.getFileName());
          store.apps.put(digest, store.describe(digest, child, false));
        }
      }
      for (Path child : Files.isDirectory(bundled) ? children(bundled) : List.<Path>of()) {
        if (Files.isDirectory(child)) {
          Digest digest = AppPacker.manifest(child).digest();
          store.apps.put(digest, store.describe(digest, child, true));
        }
      }
    } catch (IOException e) {
      throw failed(folder, e);
    }
    return store;
  }

  /** All apps, by name, then digest. */
  public List<StoredApp> list() {
    return apps.values().stream()
        .sorted(Comparator.comparing(StoredApp::name).thenComparing(app -> app.digest().toString()))
        .toList();
  }

  /** The app of this digest, if it is here. */
  public Optional<StoredApp> find(Digest digest) {
    return Optional.ofNullable(apps.get(digest));
  }

  /**
   * The app of this digest.
   *
   * @throws RefusedException APP_NOT_FOUND
   */
  public StoredApp get(Digest digest) {
    return find(digest)
        .orElseThrow(() ->
            new RefusedException(
                Reason.APP_NOT_FOUND,
                "this node has no app %s".formatted(digest),
                Map.of("app", digest.toString())));
  }

  /**
   * The digest of the one app of this name.
   *
   * @throws RefusedException APP_NOT_FOUND when there is none, INVALID_APP when there are several:
   *     then the digest must be named
   */
  public Digest resolve(String name) {
    List<StoredApp> named = list().stream().filter(app -> app.name().equals(name)).toList();
    if (named.size() == 1) {
      return named.getFirst().digest();
    }
    String known =
        (named.isEmpty() ? list() : named)
            .stream().map(app -> app.name() + " " + app.digest()).collect(Collectors.joining(", "));
    throw named.isEmpty()
        ? new RefusedException(
            Reason.APP_NOT_FOUND,
            "this node knows no app '%s'; it knows %s".formatted(name, known),
            Map.of("app", name))
        : new RefusedException(
            Reason.INVALID_APP,
            "several apps are called '%s': %s; write the digest".formatted(name, known),
            Map.of("app", name));
  }

  /** Adds a packed app; one that is here already is left as it is. */
  public StoredApp add(InputStream packed) {
    return add(packed, null);
  }

  /**
   * Adds a packed app if it is the expected one.
   *
   * @throws RefusedException APP_DIGEST_WRONG when it is another one, INVALID_APP, SIZE_LIMIT
   * @throws EnvironmentException STORE_FAILED
   */
  public StoredApp add(InputStream packed, @Nullable Digest expected) {
    try {
      Path incoming = Files.createTempDirectory(folder, INCOMING);
      try {
        new AppUnpacker(incoming).unpack(packed);
        return keep(incoming, expected);
      } finally {
        delete(incoming);
      }
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  /**
   * Packs an app for another peer.
   *
   * @throws RefusedException APP_NOT_FOUND; APP_DIGEST_WRONG when somebody changed its files
   */
  public void write(Digest digest, OutputStream target) {
    Manifest packed = AppPacker.pack(get(digest).folder(), target);
    check(digest, packed.digest());
  }

  /** Takes a packed app piece by piece. */
  public AppUpload upload() {
    try {
      return new AppUpload(this, Files.createTempFile(folder, INCOMING, ".tar"));
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  private StoredApp keep(Path incoming, @Nullable Digest expected) throws IOException {
    Digest digest = AppPacker.manifest(incoming).digest();
    if (expected != null) {
      check(expected, digest);
    }
    // Whoever starts enclaves may be another user than the one who keeps the files.
    Files.setPosixFilePermissions(incoming, PosixFilePermissions.fromString("rwxr-xr-x"));
    synchronized (apps) {
      StoredApp known = apps.get(digest);
      if (known != null) {
        return known;
      }
      Path target = folder.resolve(digest.hex());
      Files.move(incoming, target, StandardCopyOption.ATOMIC_MOVE);
      StoredApp app = describe(digest, target, false);
      apps.put(digest, app);
      return app;
    }
  }

  private static void check(Digest expected, Digest came) {
    if (!came.equals(expected)) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "expected app %s, came %s".formatted(expected, came),
          Map.of("expected", expected.toString(), "actual", came.toString()));
    }
  }

  private StoredApp describe(Digest digest, Path app, boolean bundled) throws IOException {
    return new StoredApp(digest, AppDescription.read(app), app, AppPacker.sizeBytes(app), bundled);
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      return children.sorted().toList();
    }
  }

  private static void delete(Path tree) throws IOException {
    if (!Files.exists(tree)) {
      return;
    }
    try (Stream<Path> files = Files.walk(tree)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static EnvironmentException failed(Path folder, IOException cause) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the store of apps %s can't be used: %s".formatted(folder, cause),
        Map.of("path", folder.toString()),
        cause);
  }

  /** For messages and lists: name to digest, of the names that stand for one app. */
  public SortedMap<String, Digest> names() {
    SortedMap<String, Digest> names = new TreeMap<>();
    list().stream()
        .collect(Collectors.groupingBy(StoredApp::name))
        .forEach((name, named) -> {
          if (named.size() == 1) {
            names.put(name, named.getFirst().digest());
          }
        });
    return names;
  }
}
