package io.parley.peer.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.peer.config.NodeConfig.BrokerMode;
import io.parley.peer.config.NodeConfig.DataMode;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NodeConfigFileTest {
  @Test
  void whatVouchesForEnclavesIsOneOfFour() {
    assertThat(platform("{}")).isEqualTo(new PlatformConfig.Simulated());
    assertThat(platform("{evidence: simulated}")).isEqualTo(new PlatformConfig.Simulated());
    assertThat(platform("{evidence: tpm2, tpm: swtpm}"))
        .isEqualTo(new PlatformConfig.EmulatedTpm());
    assertThat(platform("{evidence: tpm2, tpm: /dev/tpmrm0, certificates: /c}"))
        .isEqualTo(new PlatformConfig.TpmDevice(Path.of("/dev/tpmrm0"), Path.of("/c"), null));
    assertThat(platform("{evidence: tpm2, tpm: /dev/tpmrm0, collateral: /l}"))
        .isEqualTo(new PlatformConfig.TpmDevice(Path.of("/dev/tpmrm0"), null, Path.of("/l")));
    assertThat(platform("{evidence: sev-snp, tsm: /t, certificates: /c, collateral: /d}"))
        .isEqualTo(
            new PlatformConfig.ConfidentialVm(
                "sev-snp", Path.of("/t"), Path.of("/c"), Path.of("/d")));
    assertThat(platform("{evidence: tdx}"))
        .isEqualTo(
            new PlatformConfig.ConfidentialVm(
                "tdx", Path.of("/sys/kernel/config/tsm/report"), null, null));
  }

  private static PlatformConfig platform(String enclave) {
    return NodeConfigFile.parse("party: hospital\nenclave: " + enclave + "\n", "parley.yaml")
        .enclave()
        .platform();
  }

  @Test
  void defaults() {
    NodeConfig config = NodeConfigFile.parse("party: shop", "parley.yaml");
    assertThat(config.party()).isEqualTo("shop");
    assertThat(config.listen()).isEqualTo(new HostPort("127.0.0.1", 0));
    assertThat(config.data().advertise()).isEmpty();
    assertThat(config.data().mode()).isEqualTo(DataMode.HANDED);
    assertThat(config.broker()).isEqualTo(BrokerMode.REMOTE);
    assertThat(config.enclave().memoryBytes()).isEqualTo(2L << 30);
    assertThat(config.results().keep()).isEqualTo(Duration.ofDays(7));
    assertThat(config.limits().runningJobs()).isEqualTo(4);
    assertThat(config.limits().startWithin()).isEqualTo(Duration.ofSeconds(60));
    assertThat(config.limits().datasetBytes()).isEqualTo(256L << 30);
  }

  @Test
  void fullMapping() {
    NodeConfig config =
        NodeConfigFile.parse(
            """
            party: shop-2
            listen: "[::1]:7700"
            data: {mode: relay, listen: 0.0.0.0:7701, advertise: shop.example:7701}
            broker: embedded
            enclave: {memory: 512MiB, user: 4711, evidence: simulated}
            results: {keep: 12h}
            limits: {jobs: 1, start_within: 2m, datasets: 2, dataset_size: 3KiB}
            """,
            "parley.yaml");
    assertThat(config)
        .isEqualTo(
            new NodeConfig(
                "shop-2",
                new HostPort("::1", 7700),
                new NodeConfig.Data(
                    DataMode.RELAY,
                    new HostPort("0.0.0.0", 7701),
                    Optional.of(new HostPort("shop.example", 7701))),
                BrokerMode.EMBEDDED,
                new NodeConfig.EnclaveLimits(
                    512L << 20, 4711, new PlatformConfig.Simulated(), null),
                new NodeConfig.Results(Duration.ofHours(12)),
                new NodeConfig.Limits(1, Duration.ofMinutes(2), 2, 3L << 10)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "party: Shop                   | 2:1: party: 'Shop' is not a name",
        "party: -shop                  | 2:1: party: '-shop' is not a name",
        "party: [shop]                 | 2:1: party: is a list; expected one value",
        "party:                        | 2:1: party: is nothing",
        "listen: 7700                  | 2:1: listen: '7700' is not an address",
        "listen: host:99999            | 2:1: listen: 'host:99999' is not an address",
        "listen: {host: 1}             | 2:1: listen: is a mapping",
        "listen: '::1:7700'            | 2:1: listen: '::1:7700' is not an address",
        "data: relay                   | 2:1: data: is text; expected a mapping",
        "data: {mode: relayed}         | 2:8: data.mode: 'relayed' is not one of",
        "data: {mode: RELAY}           | 2:8: data.mode: 'RELAY' is not one of",
        "data: {port: 1}               | 2:8: data.port: unknown key 'port'",
        "data: {lisen: 'a:1'}          | did you mean 'listen'?",
        "data: {advertise: 'a b:1'}    | 2:8: data.advertise: 'a b:1' is not an address",
        "limits: {start_within: 0s}    | 2:10: limits.start_within: '0s' is out of bounds",
        "limits: {start_within: 2h}    | 2:10: limits.start_within: '2h' is out of bounds",
        "broker: embeded               | 2:1: broker: 'embeded' is not one of",
        "enclave: {memory: 2G}         | 2:11: enclave.memory: '2G' is not a size",
        "enclave: {memory: 255MiB}     | 2:11: enclave.memory: '255MiB' is too little",
        "enclave: {memory: 99999999TiB}| 2:11: enclave.memory: '99999999TiB' is too large",
        "enclave: {user: 0}            | 2:11: enclave.user: '0' is not a whole number",
        "enclave: {user: root}         | 2:11: enclave.user: 'root' is not a whole number",
        "enclave: {evidence: sgx}      | 2:11: enclave.evidence: 'sgx' is not a kind",
        "enclave: {evidence: tpm2}     | enclave: 'tpm' is missing; expected swtpm or a device",
        "enclave: {tpm: swtpm}         | enclave.tpm: has no meaning for evidence of simulated",
        "enclave: {evidence: tdx, tpm: swtpm} | enclave.tpm: has no meaning for evidence of tdx",
        "enclave: {evidence: tpm2, tpm: swtmp} | enclave.tpm: 'swtmp' is no absolute path",
        "enclave: {evidence: tpm2, tpm: swtpm, collateral: /l} | enclave.collateral: has no",
        "enclave: {evidence: tpm2, tpm: swtpm, certificates: /c} | enclave.certificates: has no",
        "enclave: {evidence: tdx, certificates: /c} | enclave.certificates: has no meaning",
        "enclave: {evidence: sev-snp, tsm: report} | enclave.tsm: 'report' is no absolute path",
        "enclave: {memroy: 1GiB}       | did you mean 'memory'?",
        "results: {keep: 0d}           | 2:11: results.keep: '0d' is out of bounds",
        "results: {keep: 9999d}        | 2:11: results.keep: '9999d' is out of bounds",
        "results: {keep: week}         | 2:11: results.keep: 'week' is not a duration",
        "results: {kept: 7d}           | did you mean 'keep'?",
        "limits: {jobs: 0}             | 2:10: limits.jobs: '0' is not a whole number",
        "limits: {jobs: 1001}          | 2:10: limits.jobs: '1001' is not a whole number",
        "limits: {jobs: 1.5}           | 2:10: limits.jobs: '1.5' is not a whole number",
        "limits: {datasets: many}      | 2:10: limits.datasets: 'many' is not a whole number",
        "limits: {dataset_size: -1B}   | 2:10: limits.dataset_size: '-1B' is not a size",
        "limits: {dataset-size: 1B}    | did you mean 'dataset_size'?",
        "limist: {jobs: 1}             | 2:1: limist: unknown key 'limist'; did you mean 'limits'?",
        "<<: {broker: embedded}        | 2:1: <<: unknown key '<<'",
        "broker: &b embedded           | 2:9: anchors and aliases",
        "broker: *b                    | 2:9: anchors and aliases",
        "'---'                         | 2:1: ",
      })
  void everyWrongKeyIsToldWithItsPlace(String line, String problem) {
    String other = line.startsWith("party") ? "# first" : "party: shop";
    assertThatThrownBy(() -> NodeConfigFile.parse(other + "\n" + line + "\n", "parley.yaml"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining("parley.yaml:2:")
        .hasMessageContaining(problem);
  }

  @Test
  void allProblemsAreToldAtOnce() {
    assertThatThrownBy(() ->
            NodeConfigFile.parse(
                """
                listen: 1
                broker: none
                limits: {jobs: x}
                extra: 1
                """,
                "parley.yaml"))
        .hasMessageContaining("'party' is missing")
        .hasMessageContaining("parley.yaml:1:1: listen")
        .hasMessageContaining("parley.yaml:2:1: broker")
        .hasMessageContaining("parley.yaml:3:10: limits.jobs")
        .hasMessageContaining("parley.yaml:4:1: extra: unknown key");
  }

  @Test
  void aFileThatIsMissingOrTooLargeOrNoTextSaysSo(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("parley.yaml");
    assertThatThrownBy(() -> NodeConfigFile.read(file))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("parley identity create");
    Files.writeString(file, "#".repeat(70_000));
    assertThatThrownBy(() -> NodeConfigFile.read(file)).hasMessageContaining("larger than 65536");
    Files.write(file, new byte[] {'p', (byte) 0xff});
    assertThatThrownBy(() -> NodeConfigFile.read(file)).hasMessageContaining("not UTF-8");
    Files.writeString(file, "party: shop\n");
    assertThat(NodeConfigFile.read(file).party()).isEqualTo("shop");
  }
}
