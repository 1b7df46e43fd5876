package io.parley.broker.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages show of broker.yaml is read by what reads broker.yaml. */
class DocumentedBrokerYamlTest {
  private static final Pattern WHOLE =
      Pattern.compile(
          "<!-- Parsed as broker\\.yaml; what is not required has its default\\. -->\n```yaml\n(.*?)```",
          Pattern.DOTALL);
  private static final Pattern PART =
      Pattern.compile(
          "<!-- Parsed as part of broker\\.yaml\\. -->\n```yaml\n(.*?)```", Pattern.DOTALL);
  private static final Path FILE = Path.of("/srv/broker/broker.yaml");
  private static final String REQUIRED =
      """
      listen: 0.0.0.0:7701
      membership: membership
      evidence: [simulated]
      """;

  @Test
  void whatIsNotRequiredIsShownWithItsDefault() throws IOException {
    List<String> shown = shown(WHOLE);

    assertThat(shown).hasSize(1);
    assertThat(shown)
        .allSatisfy(text ->
            assertThat(BrokerYaml.parse(text, FILE)).isEqualTo(BrokerYaml.parse(REQUIRED, FILE)));
  }

  @Test
  void partsAreRead() throws IOException {
    List<BrokerConfig> parsed =
        shown(PART).stream().map(part -> BrokerYaml.parse(REQUIRED + part, FILE)).toList();

    assertThat(parsed).hasSizeGreaterThanOrEqualTo(3);
    assertThat(parsed.stream().map(BrokerConfig::keys).map(Object::getClass))
        .contains(KeysConfig.File.class, KeysConfig.Pkcs11.class);
    assertThat(parsed.stream().map(BrokerConfig::ownEvidence))
        .anySatisfy(own -> assertThat(own).isInstanceOf(OwnEvidence.Tsm.class));
  }

  /** Of all pages. */
  private static List<String> shown(Pattern block) throws IOException {
    // Tests run in their module's folder.
    Path fromModule = Path.of("../deploy/docs");
    Path folder = Files.isDirectory(fromModule) ? fromModule : Path.of("deploy/docs");
    List<String> found = new ArrayList<>();
    try (Stream<Path> pages = Files.list(folder)) {
      for (Path page : pages.filter(file -> file.toString().endsWith(".md")).sorted().toList()) {
        Matcher matcher = block.matcher(Files.readString(page));
        while (matcher.find()) {
          found.add(matcher.group(1));
        }
      }
    }
    return found;
  }
}
