package io.parley.peer.tpm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.ReportData;
import io.parley.evidence.TpmDocument;
import io.parley.peer.machine.RunAs;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPoint;
import java.security.spec.ECPublicKeySpec;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With the real emulator, in processes of its own. */
class SwtpmPlatformTest {
  private static final Digest SHIM = Digest.of(ByteString.copyFromUtf8("shim"));
  private static final Digest APP = Digest.of(ByteString.copyFromUtf8("app"));
  private static final ReportData REPORT_DATA = new ReportData(ByteString.copyFrom(new byte[64]));

  private Path folder;
  private TpmPlatform platform;

  @BeforeEach
  void open() throws IOException {
    Swtpm.require();
    folder = Swtpm.folder();
    platform = open(folder);
  }

  @AfterEach
  void leavesNothing() throws IOException {
    if (folder == null) {
      return;
    }
    platform.close();
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left.map(Path::getFileName).map(Path::toString)).containsOnly("authority");
    }
    Swtpm.awaitNone(folder);
    Swtpm.delete(folder);
  }

  @Test
  void quotesWhatWasMeasuredUnderAnActivatedKey() throws Exception {
    TestCredentials broker = new TestCredentials();
    try (Launch launch = platform.measure(measurement(APP))) {
      TpmDocument document = TpmDocument.parse(launch.attest(REPORT_DATA, broker));
      LaunchStatement statement = new LaunchStatement(REPORT_DATA, SHIM, "bwrap");
      assertThat(document.launch()).isEqualTo(statement);
      assertThat(document.credential())
          .isEqualTo(
              new TpmDocument.Credential.Answer(
                  ByteString.copyFrom(new byte[32]), ByteString.copyFrom(broker.secret)));
      assertThat(document.events())
          .containsExactly(MeasuredEvent.ofShim(SHIM, "bwrap"), MeasuredEvent.ofApp(APP));
      assertThat(document.pcrs().keySet()).containsExactly(0, 7, 14, 15);
      assertThat(document.pcrs()).containsAllEntriesOf(MeasuredEvent.replay(document.events()));
      assertThat(isSigned(document)).isTrue();
      assertThat(hex(document.quote())).contains(hex(statement.quoteData()));
    }
    assertThat(broker.chain).hasSize(3);
    broker.chain.get(0).verify(broker.chain.get(1).getPublicKey());
    broker.chain.get(1).verify(broker.chain.get(2).getPublicKey());
    broker.chain.get(2).verify(broker.chain.get(2).getPublicKey());
  }

  @Test
  void everyEnclaveHasATpmOfItsOwnUnderOneAuthority() {
    TestCredentials first = new TestCredentials();
    TestCredentials second = new TestCredentials();
    try (Launch one = platform.measure(measurement(APP));
        Launch two = platform.measure(measurement(null))) {
      TpmDocument of = TpmDocument.parse(one.attest(REPORT_DATA, first));
      TpmDocument other = TpmDocument.parse(two.attest(REPORT_DATA, second));
      assertThat(of.akPublic()).isNotEqualTo(other.akPublic());
      assertThat(first.chain.getFirst()).isNotEqualTo(second.chain.getFirst());
      assertThat(first.chain.getLast()).isEqualTo(second.chain.getLast());
      assertThat(other.events()).contains(MeasuredEvent.ofApp(null)).hasSize(2);
    }
  }

  @Test
  void authorityStaysWithTheHome() {
    TestCredentials before = new TestCredentials();
    try (Launch launch = platform.measure(measurement(APP))) {
      launch.attest(REPORT_DATA, before);
    }
    platform.close();
    platform = open(folder);
    TestCredentials after = new TestCredentials();
    try (Launch launch = platform.measure(measurement(APP))) {
      launch.attest(REPORT_DATA, after);
    }
    assertThat(after.chain.getLast()).isEqualTo(before.chain.getLast());
  }

  @Test
  void attestsAgainAndLeavesNothingLoaded() {
    try (Launch launch = platform.measure(measurement(APP))) {
      // A TPM holds three objects; the fourth time would fail if one stayed.
      for (int i = 0; i < 5; i++) {
        assertThat(TpmDocument.parse(launch.attest(REPORT_DATA, new TestCredentials())).events())
            .hasSize(2);
      }
    }
  }

  @Test
  void keyThatTheAgreementNamesNeedsNoCredential() throws IOException {
    try (TpmSource source =
            SwtpmSource.open(
                folder.resolve("authority"), folder, RunAs.current(RunAs.DEFAULT_UID));
        TpmSource.Session session = source.open();
        TpmClient.Loaded key = AttestationKey.load(session.tpm())) {
      Digest name = AttestationKey.fingerprint(key);
      TpmPlatform pinned = new TpmPlatform(new OneSession(session), new SecureRandom());
      TpmPolicy wish =
          new TpmPolicy(new TreeMap<>(), List.of(name), new TreeMap<>(), List.of("swtpm"));
      Launch launch = pinned.measure(new Measurement(SHIM, "bwrap", APP, wish));
      TpmDocument document =
          TpmDocument.parse(
              launch.attest(
                  REPORT_DATA,
                  asked -> {
                    throw new AssertionError("nobody should be asked");
                  }));
      assertThat(document.credential()).isEqualTo(new TpmDocument.Credential.None());
    }
  }

  @Test
  void credentialForAnotherKeyIsRefusedByTheTpm() {
    TestCredentials broker = new TestCredentials();
    try (Launch launch = platform.measure(measurement(APP))) {
      assertThatThrownBy(() ->
              launch.attest(
                  REPORT_DATA,
                  asked ->
                      broker.create(
                          new Credentials.Wish(
                              asked.ekCertificates(),
                              asked.collateral(),
                              asked.akPublic().concat(ByteString.fromHex("00"))))))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("ActivateCredential: TPM_RC_INTEGRITY");
      // The session of the failed try did not stay.
      for (int i = 0; i < 4; i++) {
        launch.attest(REPORT_DATA, broker);
      }
    }
  }

  @Test
  void killedEmulatorIsSaidAtOnceAndNothingHangs() {
    try (Launch launch = platform.measure(measurement(APP))) {
      Swtpm.processes(folder).forEach(ProcessHandle::destroyForcibly);
      assertThatThrownBy(() -> launch.attest(REPORT_DATA, new TestCredentials()))
          .isInstanceOfSatisfying(
              EnvironmentException.class,
              e -> assertThat(e.reason()).isEqualTo(Reason.PLATFORM_UNAVAILABLE))
          .hasMessageMatching(".*hung up.*");
    }
  }

  @Test
  void authorityThatCannotBeWrittenIsNamed() throws IOException {
    Path broken = folder.resolve("broken");
    Files.createDirectory(broken);
    Files.writeString(broken.resolve("signkey.pem"), "no key");
    Files.writeString(broken.resolve("issuercert.pem"), "no certificate");
    try (TpmPlatform other =
        TpmPlatform.swtpm(broken, folder, RunAs.DEFAULT_UID, new SecureRandom())) {
      assertThatThrownBy(() -> other.measure(measurement(APP)))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("swtpm_setup failed");
    }
    Swtpm.delete(broken);
  }

  @Test
  void agreementWithoutAWishForATpmIsRefused() {
    assertThatThrownBy(() -> platform.measure(new Measurement(SHIM, "bwrap", APP, null)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("does not say what it wants of a TPM");
  }

  @Test
  void stateIsForNobodyElse() throws IOException {
    try (Launch launch = platform.measure(measurement(APP));
        Stream<Path> files = Files.walk(folder)) {
      List<Path> states =
          files
              .filter(file -> file.getFileName().toString().startsWith("tpm-"))
              .filter(Files::isDirectory)
              .toList();
      assertThat(states).isNotEmpty();
      for (Path state : states) {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state)))
            .isEqualTo("rwx------");
      }
      List<ProcessHandle> serving =
          Swtpm.processes(folder).stream()
              .filter(
                  process -> process.info().commandLine().orElse("").contains("type=unixio,path="))
              .toList();
      assertThat(serving).isNotEmpty();
      for (ProcessHandle emulator : serving) {
        assertThat(Files.getAttribute(Path.of("/proc/" + emulator.pid()), "unix:uid"))
            .isNotEqualTo(0);
      }
    }
  }

  private static TpmPlatform open(Path folder) {
    return TpmPlatform.swtpm(
        folder.resolve("authority"), folder, RunAs.DEFAULT_UID, new SecureRandom());
  }

  private static Measurement measurement(@org.jspecify.annotations.Nullable Digest app) {
    TreeMap<Integer, ByteString> zero = new TreeMap<>();
    zero.put(0, ByteString.copyFrom(new byte[32]));
    zero.put(7, ByteString.copyFrom(new byte[32]));
    TpmPolicy wish =
        new TpmPolicy(zero, List.of(), new TreeMap<>(Map.of("own", SHIM)), List.of("swtpm"));
    return new Measurement(SHIM, "bwrap", app, wish);
  }

  private static boolean isSigned(TpmDocument document)
      throws GeneralSecurityException, IOException {
    ByteString point = document.akPublic().substring(document.akPublic().size() - 68);
    AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
    curve.init(new ECGenParameterSpec("secp256r1"));
    ECPublicKeySpec key =
        new ECPublicKeySpec(
            new ECPoint(number(point.substring(2, 34)), number(point.substring(36))),
            curve.getParameterSpec(ECParameterSpec.class));
    Response in = new Response("signature", document.signature());
    in.expect("sigAlg", in.u16("sigAlg"), Tpm2.ALG_ECDSA);
    in.expect("hash", in.u16("hash"), Tpm2.ALG_SHA256);
    byte[] plain = new byte[64];
    byte[] r = in.sized("r", 32).toByteArray();
    byte[] s = in.sized("s", 32).toByteArray();
    in.end();
    System.arraycopy(r, 0, plain, 32 - r.length, r.length);
    System.arraycopy(s, 0, plain, 64 - s.length, s.length);
    Signature check = Signature.getInstance("SHA256withECDSAinP1363Format");
    check.initVerify(KeyFactory.getInstance("EC").generatePublic(key));
    check.update(document.quote().toByteArray());
    return check.verify(plain);
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  private static BigInteger number(ByteString bytes) {
    return new BigInteger(1, bytes.toByteArray());
  }

  /** Gives one session, which is somebody else's to close. */
  private record OneSession(TpmSource.Session session) implements TpmSource {
    @Override
    public Session open() {
      return session;
    }

    @Override
    public void close() {}
  }
}
