package io.parley.peer.tpm;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.ReportData;
import io.parley.evidence.TpmDocument;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.security.interfaces.ECPublicKey;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A TPM that stays, behind a file that stands in for the kernel's device. */
class TpmDeviceTest {
  private static final ReportData REPORT_DATA = new ReportData(ByteString.copyFrom(new byte[64]));
  private static final Digest FIRST = Digest.of(ByteString.copyFromUtf8("first"));
  private static final Digest SECOND = Digest.of(ByteString.copyFromUtf8("second"));

  private Path folder;
  private Path log;
  private static final ByteString A_LIST = ByteString.copyFromUtf8("a list");

  private Emulator emulator;
  private FakeDevice device;
  private TpmPlatform platform;

  @BeforeEach
  void open() throws IOException {
    Swtpm.require();
    folder = Swtpm.folder();
    log = folder.resolve("tpm.log");
    emulator = new Emulator(folder);
    device = new FakeDevice(emulator::answer);
    platform = started();
  }

  @AfterEach
  void close() throws IOException {
    if (folder == null) {
      return;
    }
    device.close();
    emulator.close();
    Swtpm.awaitNone(folder);
    Swtpm.delete(folder);
  }

  @Test
  void logGrowsWithEveryEnclave() throws IOException {
    try (Launch first = platform.measure(measurement(FIRST));
        Launch second = platform.measure(measurement(SECOND))) {
      TpmDocument document = attest(first);
      assertThat(document.events())
          .containsExactly(
              MeasuredEvent.ofShim(FIRST, "bwrap"),
              MeasuredEvent.ofApp(null),
              MeasuredEvent.ofShim(SECOND, "bwrap"),
              MeasuredEvent.ofApp(null));
      assertThat(document.pcrs()).containsAllEntriesOf(MeasuredEvent.replay(document.events()));
      assertThat(attest(second).events()).isEqualTo(document.events());
      assertThat(attest(second).akPublic()).isEqualTo(document.akPublic());
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(log)))
        .isEqualTo("rw-------");
  }

  /** Read for each enclave, so that a party can keep them up to date. */
  @Test
  void sendsRevocationListsWithItsCertificates() {
    TestCredentials broker = new TestCredentials();
    try (Launch launch = platform.measure(measurement(FIRST))) {
      assertThat(launch.attest(REPORT_DATA, broker)).isNotEmpty();
    }
    assertThat(broker.collateral).containsExactly(A_LIST);
  }

  /**
   * A TPM whose maker certified a P-384 key only; with the key made permanent, and derived anew
   * from its template, which leads to the certified key only if every byte of it is right.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void activatesForAnEndorsementKeyOfP384(boolean permanent) {
    device.tpm(command -> {
      int handle = command.length < 14 ? 0 : ByteBuffer.wrap(command).getInt(10);
      boolean hidden = handle == 0x01c00002 || (handle == 0x81010016 && !permanent);
      return hidden ? HexFormat.of().parseHex("80010000000a0000018b") : emulator.answer(command);
    });
    TestCredentials broker = new TestCredentials();
    try (Launch launch = platform.measure(measurement(FIRST))) {
      TpmDocument document = TpmDocument.parse(launch.attest(REPORT_DATA, broker));
      assertThat(broker.chain.getFirst().getPublicKey())
          .isInstanceOfSatisfying(
              ECPublicKey.class,
              key ->
                  assertThat(key.getParams().getCurve().getField().getFieldSize()).isEqualTo(384));
      assertThat(document.credential())
          .isEqualTo(
              new TpmDocument.Credential.Answer(
                  ByteString.copyFrom(new byte[32]), ByteString.copyFrom(broker.secret)));
    }
  }

  @Test
  void logOutlivesTheNode() throws IOException {
    platform.measure(measurement(FIRST)).close();
    platform = started();
    try (Launch second = platform.measure(measurement(SECOND))) {
      assertThat(attest(second).events()).hasSize(4).contains(MeasuredEvent.ofShim(FIRST, "bwrap"));
    }
  }

  @Test
  void logOfAnEarlierBootIsDropped() throws IOException {
    platform.measure(measurement(FIRST)).close();
    emulator.reboot();
    platform = started();
    try (Launch second = platform.measure(measurement(SECOND))) {
      assertThat(attest(second).events())
          .hasSize(2)
          .contains(MeasuredEvent.ofShim(SECOND, "bwrap"));
    }
  }

  @Test
  void eventThatNeverReachedTheTpmIsDropped() throws IOException {
    platform.measure(measurement(FIRST)).close();
    Files.writeString(log, "14 " + "ab".repeat(32) + "\n", US_ASCII, StandardOpenOption.APPEND);
    platform = started();
    try (Launch second = platform.measure(measurement(SECOND))) {
      assertThat(attest(second).events()).hasSize(4);
    }
  }

  @Test
  void lineThatWasCutInTheWritingIsDropped() throws IOException {
    platform.measure(measurement(FIRST)).close();
    Files.writeString(log, "15 abab", US_ASCII, StandardOpenOption.APPEND);
    platform = started();
    try (Launch second = platform.measure(measurement(SECOND))) {
      assertThat(attest(second).events()).hasSize(4);
    }
  }

  @Test
  void lostLogIsRefusedUntilTheMachineReboots() throws IOException {
    platform.measure(measurement(FIRST)).close();
    Files.delete(log);
    platform = started();
    assertUnavailable(() -> platform.measure(measurement(SECOND)), "registers [14, 15] hold");
    emulator.reboot();
    platform.measure(measurement(SECOND)).close();
  }

  @Test
  void damagedLogIsNamed() throws IOException {
    platform.measure(measurement(FIRST)).close();
    Files.writeString(log, "16 nonsense\n", US_ASCII, StandardOpenOption.APPEND);
    platform = started();
    assertUnavailable(() -> platform.measure(measurement(SECOND)), "'16 nonsense' is no event");
  }

  @Test
  void whatSomebodyElseMeasuredIsFoundWhenQuoting() throws IOException {
    try (Launch launch = platform.measure(measurement(FIRST))) {
      extend(14);
      assertUnavailable(() -> attest(launch), "PCR 14 holds something else");
    }
    platform = started();
    assertUnavailable(() -> platform.measure(measurement(SECOND)), "registers [14, 15] hold");
  }

  @Test
  void registerThatGrowsBetweenReadingAndQuotingIsReadAgain() throws IOException {
    try (Launch launch = platform.measure(measurement(FIRST))) {
      int[] reads = {0};
      device.tpm(command -> {
        byte[] answer = emulator.answer(command);
        if (code(command) == Tpm2.CC_PCR_READ && reads[0]++ == 0) {
          extend(7);
        }
        return answer;
      });
      assertThat(attest(launch).pcrs().get(7)).isNotEqualTo(ByteString.copyFrom(new byte[32]));
      assertThat(reads[0]).isEqualTo(2);
    }
  }

  @Test
  void registerThatKeepsGrowingIsRefused() throws IOException {
    try (Launch launch = platform.measure(measurement(FIRST))) {
      device.tpm(command -> {
        byte[] answer = emulator.answer(command);
        if (code(command) == Tpm2.CC_PCR_READ) {
          extend(7);
        }
        return answer;
      });
      assertUnavailable(() -> attest(launch), "somebody else keeps extending");
    }
  }

  @Test
  void quoteOverOtherDataIsNotPassedOn() throws IOException {
    try (Launch launch = platform.measure(measurement(FIRST))) {
      device.tpm(command -> {
        if (code(command) == Tpm2.CC_QUOTE) {
          // The host asks the TPM about other data than its node does.
          command[33] ^= 1;
        }
        return emulator.answer(command);
      });
      assertUnavailable(() -> attest(launch), "over other data or registers");
    }
  }

  @Test
  void answerThatDoesNotComeIsWaitedForOnlySoLong() throws IOException {
    device.tpm(command -> new byte[0]);
    try (DeviceTransport transport = DeviceTransport.open(device.path(), Duration.ofMillis(100))) {
      assertThatThrownBy(() -> new TpmClient(transport).resets())
          .isInstanceOf(IOException.class)
          .hasMessageContaining("did not answer in 100 ms");
    }
  }

  @Test
  void deviceThatIsNotThereIsNamed() {
    TpmPlatform none =
        TpmPlatform.device(folder.resolve("tpmrm0"), log, List.of(), List::of, new SecureRandom());
    assertUnavailable(() -> none.measure(measurement(FIRST)), "this machine has no TPM 2.0");
  }

  private TpmPlatform started() throws IOException {
    return TpmPlatform.device(
        device.path(),
        log,
        emulator.authority().chain(),
        () -> List.of(A_LIST),
        new SecureRandom());
  }

  private void extend(int pcr) throws IOException {
    AnsweringTpm same = emulator::answer;
    try (TpmClient other = new TpmClient(same)) {
      other.extend(pcr, SECOND);
    }
  }

  private static int code(byte[] command) {
    return ByteBuffer.wrap(command).getInt(6);
  }

  private static TpmDocument attest(Launch launch) {
    return TpmDocument.parse(launch.attest(REPORT_DATA, new TestCredentials()));
  }

  private static Measurement measurement(Digest shim) {
    TreeMap<Integer, ByteString> zero = new TreeMap<>();
    zero.put(7, ByteString.copyFrom(new byte[32]));
    TpmPolicy wish = new TpmPolicy(zero, List.of(), new TreeMap<>(Map.of("own", FIRST)), List.of());
    return new Measurement(shim, "bwrap", null, wish);
  }

  private static void assertUnavailable(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String message) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            EnvironmentException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PLATFORM_UNAVAILABLE))
        .hasMessageContaining(message);
  }
}
