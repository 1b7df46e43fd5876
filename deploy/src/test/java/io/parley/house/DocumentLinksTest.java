package io.parley.house;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Links from one page to another lead somewhere, to the heading that they name. */
class DocumentLinksTest {
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern CODE = Pattern.compile("```.*?```|`[^`\n]*`", Pattern.DOTALL);

  @Test
  void everyLinkLeadsSomewhere() throws IOException {
    List<String> dead = new ArrayList<>();
    int seen = 0;
    for (Path page : pages()) {
      Matcher link = LINK.matcher(CODE.matcher(Files.readString(page)).replaceAll(""));
      while (link.find()) {
        String target = link.group(1);
        if (!target.matches("[a-z]+:.*")) {
          seen++;
          if (!leads(page, target)) {
            dead.add(page.getFileName() + ": " + target);
          }
        }
      }
    }
    assertThat(dead).isEmpty();
    assertThat(seen).isGreaterThan(30);
  }

  private static boolean leads(Path page, String target) throws IOException {
    int hash = target.indexOf('#');
    String file = hash < 0 ? target : target.substring(0, hash);
    Path to = file.isEmpty() ? page : page.resolveSibling(file);
    return Files.exists(to) && (hash < 0 || anchors(to).contains(target.substring(hash + 1)));
  }

  /** As the usual viewers make them of headings. */
  private static List<String> anchors(Path page) throws IOException {
    return Files.readString(page)
        .replaceAll("(?s)```.*?```", "")
        .lines()
        .filter(line -> line.matches("#{1,6} .*"))
        .map(line -> line.replaceFirst("^#+ ", "").toLowerCase(Locale.ROOT))
        .map(line -> line.replaceAll("[^\\p{L}\\p{N} _-]", "").replace(' ', '-'))
        .toList();
  }

  /** Tests run in their module's folder. */
  private static List<Path> pages() throws IOException {
    Path top = Files.isDirectory(Path.of("deploy/docs")) ? Path.of("") : Path.of("..");
    List<Path> pages = new ArrayList<>(List.of(top.resolve("README.md")));
    try (Stream<Path> docs = Files.list(top.resolve("deploy/docs"))) {
      docs.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }
}
