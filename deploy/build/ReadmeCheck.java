import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;

/**
 * Runs what the documentation shows. In every {@code console} block, a line that begins with "$ " is
 * run by bash in the folder given, and must exit 0 and print what the block shows after it: line by
 * line, where "…" stands for anything within a line, and a line of only "…" for any lines.
 *
 * <p>Arguments: the folder, then Markdown files.
 */
void main(String[] args) throws Exception {
  Path folder = Path.of(args[0]).toAbsolutePath();
  int failures = 0;
  int passed = 0;
  for (String file : List.of(args).subList(1, args.length)) {
    for (Example example : examples(Path.of(file))) {
      String problem = check(example, folder);
      if (problem.isEmpty()) {
        passed++;
        System.out.println("ok: " + file + ": " + example.command());
      } else {
        failures++;
        System.out.println("FAILED: " + file + ": " + example.command() + "\n" + problem);
      }
    }
  }
  System.out.printf("readme: %d passed, %d failed%n", passed, failures);
  System.exit(failures == 0 && passed > 0 ? 0 : 1);
}

record Example(String command, List<String> expected) {}

List<Example> examples(Path file) throws Exception {
  List<Example> examples = new ArrayList<>();
  boolean inside = false;
  for (String line : Files.readAllLines(file)) {
    if (line.startsWith("```")) {
      inside = line.equals("```console");
    } else if (inside && line.startsWith("$ ")) {
      examples.add(new Example(line.substring(2), new ArrayList<>()));
    } else if (inside && !examples.isEmpty()) {
      examples.getLast().expected().add(line);
    }
  }
  return examples;
}

String check(Example example, Path folder) throws Exception {
  Path output = Files.createTempFile("readme", ".out");
  try {
    Process process =
        new ProcessBuilder("bash", "-c", example.command())
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectInput(Path.of("/dev/null").toFile())
            .redirectOutput(output.toFile())
            .start();
    if (!process.waitFor(20, TimeUnit.MINUTES)) {
      process.descendants().forEach(ProcessHandle::destroyForcibly);
      process.destroyForcibly();
      return "did not end within 20 minutes";
    }
    String came = Files.readString(output, StandardCharsets.UTF_8);
    if (process.exitValue() != 0) {
      return "exit code " + process.exitValue() + "\n" + came;
    }
    return pattern(example.expected()).matcher(came.stripTrailing()).matches()
        ? ""
        : "expected:\n" + String.join("\n", example.expected()) + "\ncame:\n" + came;
  } finally {
    Files.delete(output);
  }
}

Pattern pattern(List<String> expected) {
  StringBuilder regex = new StringBuilder();
  for (String line : String.join("\n", expected).stripTrailing().split("\n", -1)) {
    if (line.strip().equals("…")) {
      regex.append("(?:[^\\n]*\\n)*?");
    } else {
      for (String part : line.split("…", -1)) {
        regex.append(Pattern.quote(part)).append("[^\\n]*");
      }
      regex.setLength(regex.length() - "[^\\n]*".length());
      regex.append("\\s*?\\n");
    }
  }
  // The last line has no line feed of its own.
  return Pattern.compile(regex.toString().replaceAll("\\\\n$", "") + "\\n?");
}
