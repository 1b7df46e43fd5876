package io.parley.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BrokerYamlTest {
  private static final Path FILE = Path.of("/etc/parley/broker/broker.yaml");
  private static final String SMALLEST =
      """
      listen: 127.0.0.1:0
      membership: ../consortium
      evidence: [simulated]
      """;

  @Test
  void defaults() {
    BrokerConfig config = BrokerYaml.parse(SMALLEST, FILE);
    assertThat(config.host()).isEqualTo("127.0.0.1");
    assertThat(config.port()).isZero();
    assertThat(config.membership()).isEqualTo(Path.of("/etc/parley/consortium"));
    assertThat(config.challengeValid()).isEqualTo(Duration.ofMinutes(2));
    assertThat(config.limits()).isEqualTo(BrokerConfig.CallLimits.DEFAULT);
  }

  @Test
  void fullMapping() {
    BrokerConfig config =
        BrokerYaml.parse(
            """
            listen: "[::1]:7443"
            membership: /srv/lists
            evidence: [simulated]
            challenge_valid: 90s
            limits:
              calls_per_connection: 1
              calls_per_party: 2
              message_bytes: 65536
              open_proposals_per_party: 3
              decisions_per_minute: 4
            """,
            FILE);
    assertThat(config)
        .isEqualTo(
            new BrokerConfig(
                "[::1]",
                7443,
                Path.of("/srv/lists"),
                new java.util.TreeSet<>(Set.of("simulated")),
                Duration.ofSeconds(90),
                new BrokerConfig.CallLimits(1, 2, 65_536, 3, 4)));
  }

  @Test
  void theTemplateIsValid() {
    BrokerConfig config =
        BrokerYaml.parse(BrokerYaml.template("127.0.0.1:7443", "../a \"b\" \\c"), FILE);
    assertThat(config.port()).isEqualTo(7443);
    assertThat(config.membership().toString()).endsWith("a \"b\" \\c");
  }

  @Test
  void everyProblemIsToldAtOnceWithItsPlace() {
    assertThatThrownBy(() ->
            BrokerYaml.parse(
                """
                listen: 7443
                membershp: lists
                evidence: simulated
                challenge_valid: soon
                limits:
                  calls_per_partie: 2
                  message_bytes: many
                """,
                FILE))
        .isInstanceOfSatisfying(
            RefusedException.class,
            refused -> assertThat(refused.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining("broker.yaml:1:1: listen: '7443' is no address")
        .hasMessageContaining(
            "broker.yaml:2:1: membershp: unknown key 'membershp'; did you mean 'membership'?")
        .hasMessageContaining("broker.yaml:3:1: evidence: is text; expected a list")
        .hasMessageContaining("broker.yaml:4:1: challenge_valid: 'soon' is no duration")
        .hasMessageContaining(
            "broker.yaml:6:3: limits.calls_per_partie: unknown key 'calls_per_partie'; did you mean 'calls_per_party'?")
        .hasMessageContaining("broker.yaml:7:3: limits.message_bytes: 'many' is no whole number")
        .hasMessageContaining("'membership' is missing");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "evidence: []|evidence: is empty",
        "evidence: [sev-snp]|not all of",
        "evidence: [simulated, simulate]|not all of",
        "challenge_valid: 6m|at most 5m",
        "challenge_valid: 0s|more than 0",
        "listen: host:99999|port 99999",
        "limits: {message_bytes: 1}|message_bytes",
        "limits: {calls_per_party: 0}|calls_per_party",
        "limits: {open_proposals_per_party: 0}|open_proposals_per_party",
        "limits: {decisions_per_minute: 0}|decisions_per_minute",
        "limits: 7|expected a mapping",
        "evidence: [[simulated]]|is a list; expected text",
        "listen: [a]|is a list; expected one value",
        "nonsense: &a [*a]|anchors and aliases",
        "listen: 'a:1'|there twice"
      })
  void whatIsOutOfRangeIsRefused(String line, String problem) {
    String key = line.substring(0, line.indexOf(':'));
    String others =
        problem.equals("there twice")
            ? SMALLEST
            : SMALLEST
                .lines()
                .filter(l -> !l.startsWith(key + ":"))
                .reduce("", (a, b) -> a + b + "\n");
    assertThatThrownBy(() -> BrokerYaml.parse(others + line + "\n", FILE))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void noEvidenceLineIsAnError() {
    assertThatThrownBy(() -> BrokerYaml.parse("listen: a:1\nmembership: x\n", FILE))
        .hasMessageContaining("evidence");
  }

  @ParameterizedTest
  @CsvSource({"''", "'- a'", "'a: b: c'", "'%'", "'\t'", "'{'"})
  void whatIsNoMappingIsRefused(String text) {
    assertThatThrownBy(() -> BrokerYaml.parse(text, FILE)).isInstanceOf(RefusedException.class);
  }
}
