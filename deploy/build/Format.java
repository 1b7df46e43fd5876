import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import com.google.googlejavaformat.java.ImportOrderer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Checks, or with "apply" mends, the format of all Java sources below the folders given.
 *
 * <p>Not a Maven plugin, because a plugin runs on the JDK that runs Maven, and that may be older than
 * the language of the sources: this runs on the JDK that the toolchain found.
 */
void main(String[] args) throws Exception {
  boolean apply = args[0].equals("apply");
  Formatter formatter = new Formatter(JavaFormatterOptions.builder().build());
  List<Path> wrong = new ArrayList<>();
  for (String root : List.of(args).subList(1, args.length)) {
    for (Path file : sources(Path.of(root))) {
      String before = Files.readString(file);
      String after =
          formatter.formatSource(
              RemoveUnusedImports.removeUnusedImports(
                  ImportOrderer.reorderImports(before, JavaFormatterOptions.Style.GOOGLE)));
      if (!after.equals(before)) {
        wrong.add(file);
        if (apply) {
          Files.writeString(file, after);
        }
      }
    }
  }
  wrong.forEach(file -> System.err.println((apply ? "formatted: " : "not formatted: ") + file));
  if (!apply && !wrong.isEmpty()) {
    System.err.println("Run: mvn -N verify -Dformat=apply");
    System.exit(1);
  }
}

List<Path> sources(Path root) throws Exception {
  if (!Files.isDirectory(root)) {
    return List.of();
  }
  try (var walk = Files.walk(root)) {
    return walk.filter(f -> f.toString().endsWith(".java"))
        .filter(f -> !f.toString().contains("/target/"))
        .sorted()
        .toList();
  }
}
