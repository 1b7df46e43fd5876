package io.parley.peer.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.AgreementDraft;
import io.parley.agreement.AgreementYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the pages show of files that people write is read by what reads those files. */
class DocumentedConfigTest {
  private static final String WHOLE = "; what is not required has its default";

  @Test
  void parleyYamlIsShownWithItsDefaults() throws IOException {
    assertThat(shown("parley.yaml" + WHOLE))
        .hasSize(1)
        .allSatisfy(text ->
            assertThat(NodeConfigFile.parse(text, "page"))
                .isEqualTo(NodeConfigFile.parse("party: hospital\n", "required")));
  }

  @Test
  void enclaveYamlIsShownWithItsDefaults() throws IOException {
    assertThat(shown("enclave.yaml" + WHOLE))
        .hasSize(1)
        .allSatisfy(text ->
            assertThat(EnclaveConfigFile.parse(text, "page"))
                .isEqualTo(EnclaveConfigFile.parse("evidence: simulated\n", "required")));
  }

  @Test
  void partsOfParleyYamlAreRead() throws IOException {
    List<NodeConfig.EnclaveLimits> parsed =
        shown("part of parley.yaml").stream()
            .map(part -> NodeConfigFile.parse("party: hospital\n" + part, "page").enclave())
            .toList();

    assertThat(parsed.stream().map(enclave -> enclave.platform().getClass().getSimpleName()))
        .contains("EmulatedTpm", "TpmDevice", "ConfidentialVm", "Elsewhere");
    assertThat(parsed).anySatisfy(enclave -> assertThat(enclave.remote()).isNotNull());
  }

  @Test
  void partsOfAgreementsAreRead() throws IOException {
    String around = Files.readString(top().resolve("deploy/examples/longley/agreement.yaml"));
    List<AgreementDraft> parsed =
        shown("part of an agreement").stream()
            .map(part -> AgreementYaml.parse(without(around, part) + part, "page"))
            .toList();

    assertThat(parsed).hasSizeGreaterThanOrEqualTo(2);
    assertThat(parsed).anySatisfy(draft -> assertThat(draft.evidence()).containsExactly("tpm2"));
  }

  /** The agreement without the sections that the part has. */
  private static String without(String agreement, String part) {
    String sections =
        part.lines()
            .filter(line -> line.matches("[a-z_]+:.*"))
            .map(line -> Pattern.quote(line.substring(0, line.indexOf(':') + 1)))
            .collect(Collectors.joining("|"));
    return agreement.replaceAll("(?m)^(?:" + sections + ").*\n(?:[ ].*\n)*", "");
  }

  /** Blocks of all pages that say so in the line before. */
  private static List<String> shown(String what) throws IOException {
    Pattern block =
        Pattern.compile(
            Pattern.quote("<!-- Parsed as " + what + ". -->") + "\n```yaml\n(.*?)```",
            Pattern.DOTALL);
    List<String> found = new ArrayList<>();
    try (Stream<Path> pages = Files.list(top().resolve("deploy/docs"))) {
      for (Path page : pages.filter(file -> file.toString().endsWith(".md")).sorted().toList()) {
        Matcher matcher = block.matcher(Files.readString(page));
        while (matcher.find()) {
          found.add(matcher.group(1));
        }
      }
    }
    return found;
  }

  /** Tests run in their module's folder. */
  private static Path top() {
    return Files.isDirectory(Path.of("deploy/docs")) ? Path.of("") : Path.of("..");
  }
}
