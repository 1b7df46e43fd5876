package io.parley.broker.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.broker.keys.TokenSettings;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
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
    assertThat(config.keys()).isEqualTo(new KeysConfig.File());
    assertThat(config.limits()).isEqualTo(BrokerConfig.CallLimits.DEFAULT);
  }

  @Test
  void fullMapping() {
    BrokerConfig config =
        BrokerYaml.parse(
            """
            listen: "[::1]:7443"
            membership: /srv/lists
            evidence: [simulated, tpm2, sev-snp, tdx, nitro]
            collateral: vendors
            challenge_valid: 90s
            keys:
              vault: pkcs11
              library: /usr/lib/softhsm/libsofthsm2.so
              token_label: parley keys
              pin_file: hsm.pin
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
                new java.util.TreeSet<>(Set.of("simulated", "tpm2", "sev-snp", "tdx", "nitro")),
                FILE.toAbsolutePath().resolveSibling("vendors"),
                Duration.ofSeconds(90),
                new KeysConfig.Pkcs11(
                    new TokenSettings(
                        Path.of("/usr/lib/softhsm/libsofthsm2.so"),
                        "parley keys",
                        Path.of("/etc/parley/broker/hsm.pin"))),
                new BrokerConfig.CallLimits(1, 2, 65_536, 3, 4),
                new OwnEvidence.None()));
  }

  @Test
  void evidenceOfItsOwn() {
    assertThat(BrokerYaml.parse(SMALLEST, FILE).ownEvidence()).isEqualTo(new OwnEvidence.None());
    assertThat(BrokerYaml.parse(SMALLEST + "own_evidence: {kind: simulated}\n", FILE).ownEvidence())
        .isEqualTo(new OwnEvidence.Simulated());
    assertThat(BrokerYaml.parse(SMALLEST + "own_evidence: {kind: tdx}\n", FILE).ownEvidence())
        .isEqualTo(
            new OwnEvidence.Tsm(
                "tdx", Path.of("/sys/kernel/config/tsm/report"), List.of(), List.of()));
    assertThat(
            BrokerYaml.parse(
                    SMALLEST
                        + """
                        own_evidence:
                          kind: sev-snp
                          tsm: /srv/tsm
                          certificates: [vcek.der]
                          collateral: [/srv/milan.crl]
                        """,
                    FILE)
                .ownEvidence())
        .isEqualTo(
            new OwnEvidence.Tsm(
                "sev-snp",
                Path.of("/srv/tsm"),
                List.of(Path.of("/etc/parley/broker/vcek.der")),
                List.of(Path.of("/srv/milan.crl"))));
  }

  @Test
  void theTemplateIsValid() {
    BrokerConfig config =
        BrokerYaml.parse(
            BrokerYaml.template("127.0.0.1:7443", "../a \"b\" \\c", new KeysConfig.File()), FILE);
    assertThat(config.port()).isEqualTo(7443);
    assertThat(config.membership().toString()).endsWith("a \"b\" \\c");
    assertThat(config.keys()).isEqualTo(new KeysConfig.File());
  }

  @Test
  void theTemplateHoldsTheVaultThatACommandLineNames() {
    KeysConfig keys =
        KeysConfig.of("pkcs11", Path.of("/opt/hsm lib.so"), "it's \"mine\"", Path.of("/etc/pin"));
    assertThat(BrokerYaml.parse(BrokerYaml.template("a:1", "lists", keys), FILE).keys())
        .isEqualTo(keys)
        .isEqualTo(
            new KeysConfig.Pkcs11(
                new TokenSettings(
                    Path.of("/opt/hsm lib.so"), "it's \"mine\"", Path.of("/etc/pin"))));
  }

  @Test
  void aCommandLineThatNamesHalfAVaultIsRefused() {
    Path path = Path.of("/x");
    assertThatThrownBy(() -> KeysConfig.of("pkcs11", path, null, path))
        .hasMessageContaining("--token-label");
    assertThatThrownBy(() -> KeysConfig.of("file", path, null, null))
        .hasMessageContaining("--keys pkcs11");
    assertThatThrownBy(() -> KeysConfig.of("hsm", null, null, null)).hasMessageContaining("'hsm'");
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
        "evidence: [sgx]|not all of",
        "evidence: [simulated, simulate]|not all of",
        "challenge_valid: 6m|at most 5m",
        "challenge_valid: 0s|more than 0",
        "listen: host:99999|port 99999",
        "limits: {message_bytes: 1}|message_bytes",
        "limits: {calls_per_party: 0}|calls_per_party",
        "limits: {open_proposals_per_party: 0}|open_proposals_per_party",
        "limits: {decisions_per_minute: 0}|decisions_per_minute",
        "limits: 7|expected a mapping",
        "keys: pkcs11|expected a mapping",
        "keys: {vault: hsm}|is not file or pkcs11",
        "keys: {vault: pkcs11}|expected the HSM's PKCS#11 library",
        "keys: {vault: pkcs11, library: /l.so, pin_file: p}|expected the label of the HSM's token",
        "keys: {vault: pkcs11, library: /l.so, token_label: t}|expected the file that holds",
        "keys: {vault: pkcs11, library: l.so, token_label: t, pin_file: p}|no whole path",
        "keys: {vault: pkcs11, library: '/${x}.so', token_label: t, pin_file: p}|no whole path",
        "keys: {vault: pkcs11, library: /l.so, token_label: '', pin_file: p}|no label",
        "keys: {vault: pkcs11, library: /l.so, token_label: t, pin: 1}|unknown key 'pin'",
        "keys: {library: /l.so}|unknown key 'library'",
        "own_evidence: {}|is missing; expected simulated, sev-snp or tdx",
        "own_evidence: {kind: sevsnp}|did you mean 'sev-snp'",
        "own_evidence: {kind: nitro}|is not simulated, sev-snp or tdx",
        "own_evidence: {kind: simulated, tsm: /x}|unknown key 'tsm'",
        "own_evidence: {kind: tdx, tms: /x}|unknown key 'tms'",
        "own_evidence: {kind: tdx, collateral: [1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17]}|names 17 files",
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
