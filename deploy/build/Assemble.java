import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.jar.JarFile;
import java.util.jar.Manifest;
import java.util.regex.Pattern;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Puts the distribution together: the jars of each process, a runtime image for the enclave, and
 * the class archives that make processes start fast.
 *
 * <p>What enclaves are made of is deterministic for one JDK, because it is measured: two parties
 * that build the same commit with the same JDK get the same reference values.
 */
void main(String[] args) throws Exception {
  Path repo = Path.of(args[0]).toAbsolutePath().normalize();
  Path dist = Path.of(args[1]).toAbsolutePath().normalize();
  Files.createDirectories(dist);
  Files.deleteIfExists(dist.resolve("BUILT"));
  libraries(repo.resolve("peer-node"), dist.resolve("lib/peer-node"));
  libraries(repo.resolve("key-broker"), dist.resolve("lib/key-broker"));
  libraries(repo.resolve("enclave-shim/shim"), dist.resolve("lib/shim"));
  libraries(repo.resolve("deploy"), dist.resolve("lib/deploy"));
  runtime(dist.resolve("runtime"));
  List<Archive> archives = new ArrayList<>();
  Path image = dist.resolve("runtime");
  Path lists = repo.resolve("deploy/build");
  for (String app : List.of("sql", "regression", "matching", "intersect", "statistics", "tally")) {
    Path folder = dist.resolve("apps").resolve(app);
    copyTree(repo.resolve("enclave-shim/apps").resolve(app).resolve("target/app"), folder);
    // What an app needs to start hardly differs between those that have no engine.
    String list = app.equals("sql") ? "sql" : "apps";
    archives.add(new Archive(image, folder, lists.resolve(list + ".classlist"), "app.jsa"));
  }
  archives.add(new Archive(image, dist.resolve("lib/shim"), lists.resolve("shim.classlist"), "shim.jsa"));
  // Hosts run on the JDK itself; with another one than this they start without the archive.
  Path jdk = Path.of(System.getProperty("java.home"));
  for (String host : List.of("peer-node", "key-broker")) {
    archives.add(
        new Archive(jdk, dist.resolve("lib").resolve(host), lists.resolve(host + ".classlist"), host + ".jsa"));
  }
  // Each is made by a process of its own that keeps one processor busy.
  try (var workers = Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors())) {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (Archive archive : archives) {
      tasks.add(() -> {
        make(archive);
        return null;
      });
    }
    for (Future<?> made : workers.invokeAll(tasks)) {
      made.get();
    }
  }
  Files.writeString(dist.resolve("BUILT"), Runtime.version() + "\n");
}

/** What the sandbox gives its copies too: a class archive remembers when its jars were changed. */
final FileTime FIXED = FileTime.from(Instant.parse("2026-01-01T00:00:00Z"));

/** Everything that the bundled apps and the shim need, and no more. */
final String MODULES =
    "java.base,java.logging,java.management,java.naming,java.sql,jdk.crypto.ec,jdk.unsupported";

/** As in the commands that use them: an archive made with other module options is only half used. */
final List<String> JVM_OPTIONS =
    List.of("--add-opens=java.base/java.nio=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");

void libraries(Path module, Path target) throws IOException {
  delete(target);
  Files.createDirectories(target);
  List<Path> jars = new ArrayList<>();
  for (Path folder : List.of(module.resolve("target"), module.resolve("target/dist-lib"))) {
    if (Files.isDirectory(folder)) {
      try (var files = Files.list(folder)) {
        files
            .filter(f -> f.toString().endsWith(".jar"))
            .filter(f -> !f.toString().endsWith("-tests.jar") && !f.toString().endsWith("-sources.jar"))
            .forEach(jars::add);
      }
    }
  }
  for (Path jar : jars) {
    library(jar, target.resolve(jar.getFileName()));
  }
}

/** What signs a jar, and what makes it a provider that the JVM finds by itself. */
final Pattern SIGNATURE = Pattern.compile("META-INF/[^/]+\\.(SF|RSA|DSA|EC)");
final String PROVIDER = "META-INF/services/java.security.Provider";

/**
 * Copies a jar, a signed one (Bouncy Castle's) without its signature. The JVM would check that anew
 * at every start, class by class, and archive none of the classes: an enclave's start took 0.8 s of
 * processor time and takes 0.2. What runs is measured as a whole, and that is what parties sign.
 * Nor is it a provider any more: nobody asks for it as one, and the JVM would load all of it when it
 * looks for the JDK's providers that the runtime image has left out.
 */
void library(Path jar, Path target) throws IOException {
  try (ZipFile from = new ZipFile(jar.toFile())) {
    if (from.stream().noneMatch(e -> SIGNATURE.matcher(e.getName()).matches())) {
      copy(jar, target);
      return;
    }
    try (ZipOutputStream to = new ZipOutputStream(Files.newOutputStream(target))) {
      for (ZipEntry entry : Collections.list(from.entries())) {
        String name = entry.getName();
        if (!entry.isDirectory() && !SIGNATURE.matcher(name).matches() && !name.equals(PROVIDER)) {
          ZipEntry copy = new ZipEntry(name);
          copy.setTimeLocal(LocalDateTime.ofInstant(FIXED.toInstant(), ZoneOffset.UTC));
          to.putNextEntry(copy);
          if (name.equals(JarFile.MANIFEST_NAME)) {
            Manifest manifest = new Manifest(from.getInputStream(entry));
            manifest.getEntries().clear();
            manifest.write(to);
          } else {
            from.getInputStream(entry).transferTo(to);
          }
        }
      }
    }
  }
  Files.setLastModifiedTime(target, FIXED);
}

void runtime(Path target) throws Exception {
  Path stamp = target.resolve("release");
  String version = Runtime.version().toString();
  if (Files.exists(stamp) && Files.readString(stamp).contains(System.getProperty("java.version"))) {
    return;
  }
  delete(target);
  run(
      List.of(
          Path.of(System.getProperty("java.home"), "bin/jlink").toString(),
          "--add-modules", MODULES,
          "--strip-debug", "--no-header-files", "--no-man-pages",
          "--output", target.toString()),
      "jlink for " + version);
}

/**
 * A static class archive {@code folder/name} of the jars in {@code folder/lib} (or {@code folder}
 * itself) from a list of classes that a training run loaded; a list that names a class which is gone
 * only makes it smaller.
 */
record Archive(Path java, Path folder, Path classList, String name) {}

void make(Archive wanted) throws Exception {
  Path folder = wanted.folder();
  Path jars = Files.isDirectory(folder.resolve("lib")) ? folder.resolve("lib") : folder;
  List<String> classPath;
  try (var files = Files.list(jars)) {
    classPath = files.filter(f -> f.toString().endsWith(".jar")).map(Path::toString).sorted().toList();
  }
  Path archive = folder.resolve(wanted.name());
  Files.deleteIfExists(archive);
  Path classList = Files.createTempFile("assemble", ".classlist");
  try {
    Files.write(classList, withOwnClasses(Files.readAllLines(wanted.classList()), jars));
    dump(wanted.java(), classPath, classList, archive);
  } finally {
    Files.delete(classList);
  }
  Files.setLastModifiedTime(archive, FIXED);
}

/** The recorded list, and every class of our own: those change faster than anybody records. */
List<String> withOwnClasses(List<String> recorded, Path jars) throws IOException {
  SequencedSet<String> lines = new LinkedHashSet<>(recorded);
  try (var files = Files.list(jars)) {
    for (Path jar : files.filter(f -> f.getFileName().toString().startsWith("parley-")).sorted().toList()) {
      try (ZipFile zip = new ZipFile(jar.toFile())) {
        zip.stream()
            .map(ZipEntry::getName)
            .filter(entry -> entry.startsWith("io/parley/") && entry.endsWith(".class"))
            .filter(entry -> !entry.endsWith("-info.class"))
            .map(entry -> entry.substring(0, entry.length() - ".class".length()))
            .sorted()
            .forEach(lines::add);
      }
    }
  }
  return List.copyOf(lines);
}

void dump(Path java, List<String> classPath, Path classList, Path archive) throws Exception {
  List<String> command = new ArrayList<>();
  command.add(java.resolve("bin/java").toString());
  command.addAll(JVM_OPTIONS);
  command.addAll(
      List.of(
          "-Xshare:dump", "-XX:+UseSerialGC", "-Xlog:disable",
          "-XX:SharedClassListFile=" + classList,
          "-XX:SharedArchiveFile=" + archive,
          "-cp", String.join(":", classPath)));
  run(command, "class archive " + archive);
}

void run(List<String> command, String what) throws Exception {
  Path log = Files.createTempFile("assemble", ".log");
  try {
    int code = new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile()).start().waitFor();
    if (code != 0) {
      System.err.println(Files.readString(log));
      throw new IllegalStateException(what + " failed with exit code " + code);
    }
  } finally {
    Files.delete(log);
  }
}

void copyTree(Path source, Path target) throws IOException {
  if (!Files.isDirectory(source)) {
    throw new IllegalStateException("missing " + source + "; build the whole reactor");
  }
  delete(target);
  try (var walk = Files.walk(source)) {
    walk.forEach(
        from -> {
          try {
            Path to = target.resolve(source.relativize(from).toString());
            if (Files.isDirectory(from)) {
              Files.createDirectories(to);
            } else {
              copy(from, to);
            }
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }
}

void copy(Path from, Path to) throws IOException {
  Files.copy(from, to, StandardCopyOption.REPLACE_EXISTING);
  Files.setLastModifiedTime(to, FIXED);
}

void delete(Path folder) throws IOException {
  if (!Files.exists(folder)) {
    return;
  }
  try (var walk = Files.walk(folder)) {
    for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
      Files.delete(path);
    }
  }
}
