import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * Lays out an app folder under target/app: app.yaml, lib/*.jar and native libraries as plain files.
 *
 * <p>Every job hashes and copies the whole folder, so it holds nothing for other machines; and the
 * jars' native libraries lie beside them, because unpacking at each start would cost most of a
 * second and needs a folder that is writable and executable. Two builds of one commit on one kind
 * of machine give the same bytes.
 *
 * <p>Usage: AppFolder MODULE_DIR MAIN_CLASS VERSION DESCRIPTION [enforces=CONDITION]
 * [JVM_OPTION...]
 */
void main(String[] args) throws IOException {
  Path module = Path.of(args[0]);
  Path app = module.resolve("target/app");
  delete(app);
  Path lib = Files.createDirectories(app.resolve("lib"));
  for (Path jar : jars(module)) {
    if (hasNatives(jar)) {
      slim(jar, lib);
    } else {
      Files.copy(jar, lib.resolve(jar.getFileName()));
    }
  }
  List<String> options = new ArrayList<>(List.of(args).subList(4, args.length));
  String enforces = "";
  if (!options.isEmpty() && options.getFirst().startsWith("enforces=")) {
    enforces = options.removeFirst().substring("enforces=".length());
  }
  Files.writeString(
      app.resolve("app.yaml"),
      yaml(
          module.getFileName().toString(),
          args[2],
          args[3],
          enforces,
          command(lib, options, args[1])));
}

/** What the JDK calls this machine, and what the jars do. */
final String LINUX = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64";

final String ARROW = System.getProperty("os.arch").equals("aarch64") ? "aarch_64" : "x86_64";

List<Path> jars(Path module) throws IOException {
  List<Path> jars = new ArrayList<>();
  for (Path folder : List.of(module.resolve("target"), module.resolve("target/dist-lib"))) {
    try (var files = Files.list(folder)) {
      files
          .filter(f -> f.toString().endsWith(".jar"))
          .filter(f -> !f.toString().matches(".*-(tests|sources|javadoc)\\.jar"))
          .forEach(jars::add);
    }
  }
  jars.sort(Comparator.comparing(jar -> jar.getFileName().toString()));
  return jars;
}

boolean isNative(String entry) {
  return entry.startsWith("libduckdb_java.so_")
      || entry.matches("arrow_cdata_jni/.*/.*\\.(so|dylib|dll)");
}

boolean hasNatives(Path jar) throws IOException {
  try (ZipFile zip = new ZipFile(jar.toFile())) {
    return zip.stream().anyMatch(entry -> isNative(entry.getName()));
  }
}

/** The jar without native libraries; DuckDB's for this machine goes beside it. */
void slim(Path jar, Path lib) throws IOException {
  try (ZipFile zip = new ZipFile(jar.toFile());
      OutputStream file = Files.newOutputStream(lib.resolve(jar.getFileName()));
      ZipOutputStream out = new ZipOutputStream(file)) {
    var entries = new TreeMap<String, ZipEntry>();
    zip.stream()
        .filter(entry -> !entry.isDirectory())
        .forEach(entry -> entries.put(entry.getName(), entry));
    for (ZipEntry entry : entries.values()) {
      try (InputStream in = zip.getInputStream(entry)) {
        if (entry.getName().equals("libduckdb_java.so_linux_" + LINUX)) {
          Files.copy(in, lib.resolve("libduckdb_java.so"));
        } else if (!isNative(entry.getName())
            || entry.getName().endsWith("/" + ARROW + "/libarrow_cdata_jni.so")) {
          store(out, entry.getName(), in.readAllBytes());
        }
      }
    }
  }
}

/** Not compressed: what zlib makes differs between machines. */
void store(ZipOutputStream out, String name, byte[] bytes) throws IOException {
  CRC32 crc = new CRC32();
  crc.update(bytes);
  ZipEntry entry = new ZipEntry(name);
  entry.setMethod(ZipEntry.STORED);
  entry.setSize(bytes.length);
  entry.setCrc(crc.getValue());
  entry.setTimeLocal(java.time.LocalDateTime.of(2026, 1, 1, 0, 0));
  out.putNextEntry(entry);
  out.write(bytes);
  out.closeEntry();
}

List<String> command(Path lib, List<String> options, String main) throws IOException {
  List<String> command = new ArrayList<>();
  command.add("java");
  command.addAll(
      List.of(
          "-XX:+UseSerialGC",
          // Made from the jars when the distribution is put together. A warning about an archive
          // that
          // does not fit would only end in a pipe that nobody reads.
          "-XX:SharedArchiveFile=app.jsa",
          "-Xlog:disable",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--enable-native-access=ALL-UNNAMED",
          "--sun-misc-unsafe-memory-access=allow",
          "-Dslf4j.internal.verbosity=ERROR"));
  command.addAll(options);
  command.add("-cp");
  try (var files = Files.list(lib)) {
    // Named one by one, in a fixed order: a class archive holds for exactly one class path.
    command.add(
        String.join(
            ":",
            files
                .map(f -> "lib/" + f.getFileName())
                .filter(f -> f.endsWith(".jar"))
                .sorted()
                .toList()));
  }
  command.add(main);
  return command;
}

String yaml(
    String name, String version, String description, String enforces, List<String> command) {
  StringBuilder text = new StringBuilder();
  text.append("name: ").append(name).append('\n');
  text.append("version: \"").append(version).append("\"\n");
  text.append("description: \"").append(description).append("\"\n");
  if (!enforces.isEmpty()) {
    text.append("enforces: [").append(enforces).append("]\n");
  }
  text.append("command:\n");
  for (String word : command) {
    text.append("  - \"").append(word).append("\"\n");
  }
  return text.toString();
}

void delete(Path folder) throws IOException {
  if (Files.exists(folder)) {
    try (var walk = Files.walk(folder)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }
}
