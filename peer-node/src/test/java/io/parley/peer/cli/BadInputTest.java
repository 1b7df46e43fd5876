package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BadInputTest {
  @TempDir Path home;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "job sumbit 1234",
        "job submit",
        "agreement draft",
        "dataset add",
        "job list --output xml",
        "evidence verify",
        "evidence verify --kind tdx quote.bin",
        "evidence explain --kind tdx --at 2026-01-01",
        "try a.yaml --data nonsense",
        "identity issue --role king --name x",
        "identity issue --role analyst --name x --valid 3weeks",
        "--nope",
        "nope",
      })
  void wrongUsageIsExitCode2WithAHintAndNothingOnStdout(String line) {
    Captured run = Captured.run(home, line.split(" "));
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("parley: usage: ").contains("--help");
    assertThat(run.err()).doesNotContain("\tat ");
  }

  @Test
  void aMistypedCommandIsGuessed() {
    assertThat(Captured.run(home, "job", "sumbit", "1").err()).contains("Did you mean: job submit");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "job list",
        "job show 12345678",
        "dataset list",
        "agreement list",
        "consortium show",
        "identity show",
        "log show",
        "app list",
        "measure",
      })
  void withoutAHomeTheNextStepIsNamed(String line) {
    Captured run = Captured.run(home, line.split(" "));
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.err())
        .startsWith("parley: INVALID_")
        .contains("parley identity create")
        .doesNotContain("Exception");
  }

  @Test
  void homeGoesToTheOptionThenTheVariable() {
    Path other = home.resolve("other");
    Captured.run(home, "--home", other.toString(), "identity", "create", "--party", "a").ok();
    assertThat(other.resolve("parley.yaml")).exists();
    assertThat(home.resolve("parley.yaml")).doesNotExist();
    assertThat(Captured.run(home, "identity", "show", "--home", other.toString()).ok().out())
        .contains("client operator");
  }

  @Test
  void anIdentityIsNeverOverwritten() throws IOException {
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    byte[] key = Files.readAllBytes(home.resolve("identity/signing.key"));
    Captured again = Captured.run(home, "identity", "create", "--party", "hospital");
    assertThat(again.code()).isEqualTo(ExitCode.REFUSED);
    assertThat(again.err()).startsWith("parley: ALREADY_EXISTS: ");
    assertThat(home.resolve("identity/signing.key")).hasBinaryContent(key);
  }

  @Test
  void privateKeysAreForTheirOwnerOnly() throws IOException {
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Captured.run(home, "identity", "issue", "--role", "analyst", "--name", "ada").ok();
    for (String key : new String[] {"identity/signing.key", "identity/ca.key", "clients/ada.key"}) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(home.resolve(key))))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void secretsAreNotShown() {
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Captured show = Captured.run(home, "identity", "show", "--output", "json").ok();
    assertThat(show.out()).doesNotContain("PRIVATE").contains("\"hospital/operator/operator\"");
  }

  @Test
  void aBadPartyNameIsRefusedAndLeavesNothing() {
    Captured run = Captured.run(home, "identity", "create", "--party", "No Good");
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(home.resolve("identity")).doesNotExist();
    assertThat(home.resolve("parley.yaml")).doesNotExist();
  }

  @Test
  void twoMistakesInAnAgreementAreBothReportedWithLineAndColumn() throws IOException {
    Path file = home.resolve("agreement.yaml");
    Files.writeString(
        file,
        """
        agreement: demo
        partys: [a, b]
        app: sql
        datasets:
          t: {owner: a, columns: {x: BIGNUM}}
        """);
    Captured run = Captured.run(home, "agreement", "draft", file.toString());
    assertThat(run.code()).isEqualTo(ExitCode.BAD_INPUT);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .startsWith("parley: INVALID_AGREEMENT: ")
        .containsPattern("agreement.yaml:2:1: .*partys.*parties")
        .containsPattern("agreement.yaml:5:\\d+: .*BIGNUM");
  }

  @Test
  void doctorNamesWhatToDoAndAnswersInJsonToo() {
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Captured table = Captured.run(home, "doctor");
    assertThat(table.out()).contains("OK    jdk").contains("parley consortium init");
    assertThat(Captured.run(home, "doctor", "--output", "json").out())
        .startsWith("[\n{\"status\":\"OK\",\"check\":\"jdk\"");
  }

  @Test
  void doctorFailsWhenAKeyIsOpenToOthers() throws IOException {
    Captured.run(home, "identity", "create", "--party", "hospital").ok();
    Files.setPosixFilePermissions(
        home.resolve("identity/signing.key"), PosixFilePermissions.fromString("rw-r--r--"));
    Captured doctor = Captured.run(home, "doctor");
    assertThat(doctor.code()).isEqualTo(ExitCode.FAILED);
    assertThat(doctor.out()).contains("FAIL  key signing.key").contains("chmod 600");
  }
}
