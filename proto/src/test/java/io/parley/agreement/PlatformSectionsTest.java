package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PolicySamples;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Hardware in agreements: as text, as bytes, and what neither may say. */
final class PlatformSectionsTest {
  private static final Samples SAMPLES = new Samples();
  private static final Agreement AGREEMENT = hardware();
  private static final ByteString BYTES = AgreementCodec.encode(AGREEMENT);
  private static final String M48 = "ab".repeat(48);

  private static final String TEXT =
      """
      agreement: claims-by-ward
      parties: [hospital, insurer]
      broker: local
      app: sql
      datasets:
        claims: {owner: insurer, columns: {patient: BIGINT}}
      compute: [insurer]
      results:
        summary: {recipients: [hospital, insurer], max_rows: 10000}
      environment:
        evidence: [sev-snp, tpm2]
        tests: strict
        sev-snp:
          families: [milan]
          measurements: ["%s"]
          minimum_tcb: {bootloader: 3, tee: 0, snp: 8, microcode: 115}
        tpm2: {pcrs: {}, roots: {a-vendor: "%s"}, emulators: [swtpm]}
      changes: never
      expires: 2027-06-30
      max_jobs: 100
      """
          .formatted(M48, PolicySamples.root(7));

  private static Agreement hardware() {
    Agreement plain = SAMPLES.agreement();
    Environment environment =
        new Environment(
            List.of("tpm2", "tdx", "sev-snp", "nitro", "simulated"),
            List.of(
                PolicySamples.tpm(),
                PolicySamples.tdx(),
                PolicySamples.snp(),
                PolicySamples.nitro()),
            List.of(Samples.SHIM),
            Environment.STRICT_TESTS,
            List.of("bwrap"),
            HpkeSuite.XWING);
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        plain.app(),
        plain.datasets(),
        plain.compute(),
        plain.results(),
        environment,
        plain.terms(),
        plain.parameters(),
        List.of(PolicySamples.tpm(), PolicySamples.snp()));
  }

  @Test
  void otherTermsChangeNothingElse() {
    Terms terms = AGREEMENT.terms();
    Terms others =
        new Terms(
            terms.changes(), terms.parent(), terms.expires(), terms.maxJobs() + 1, terms.window());
    assertThat(AGREEMENT.withTerms(others).terms()).isEqualTo(others);
    assertThat(AGREEMENT.brokerEvidence()).isNotEmpty();
    assertThat(AGREEMENT.withTerms(others).withTerms(terms)).isEqualTo(AGREEMENT);
  }

  @Test
  void comesBackFromItsBytes() {
    assertThat(AgreementCodec.decode(BYTES)).isEqualTo(AGREEMENT);
    assertThat(AGREEMENT.environment().platforms())
        .extracting(PlatformPolicy::kind)
        .containsExactly("nitro", "sev-snp", "tdx", "tpm2");
    assertThat(AGREEMENT.environment().platform("tdx")).contains(PolicySamples.tdx());
    assertThat(AGREEMENT.environment().platform("simulated")).isEmpty();
  }

  @Test
  void comesBackFromItsText() {
    assertThat(resolve(AgreementYaml.write(AGREEMENT))).isEqualTo(AGREEMENT);
  }

  @Test
  void everyByteWithAFlippedBitIsRefusedOrMeansSomethingElse() {
    byte[] bytes = BYTES.toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      byte bit = (byte) (1 << i % 8);
      bytes[i] ^= bit;
      ByteString flipped = ByteString.copyFrom(bytes);
      bytes[i] ^= bit;
      try {
        Agreement other = AgreementCodec.decode(flipped);
        assertThat(other).isNotEqualTo(AGREEMENT);
        assertThat(AgreementCodec.encode(other)).isEqualTo(flipped);
      } catch (RefusedException e) {
        assertThat(e.reason()).isIn(Reason.INVALID_AGREEMENT, Reason.INVALID_REQUEST);
      }
    }
  }

  @Test
  void refusesListsOutOfOrderAndRegistersTwice() {
    refuse(b -> {
      var first = b.getEnvironment().getPlatforms(0);
      b.getEnvironmentBuilder()
          .setPlatforms(0, b.getEnvironment().getPlatforms(1))
          .setPlatforms(1, first);
    });
    refuse(b ->
        b.getEnvironmentBuilder()
            .getPlatformsBuilder(1)
            .getSevSnpBuilder()
            .setVmpl(0, 3)
            .setVmpl(1, 0));
    refuse(b ->
        b.getEnvironmentBuilder()
            .getPlatformsBuilder(3)
            .getTpm2Builder()
            .addPcrs(b.getEnvironment().getPlatforms(3).getTpm2().getPcrs(1)));
    refuse(
        b -> b.getEnvironmentBuilder().getPlatformsBuilder(1).getSevSnpBuilder().clearMinimumTcb());
    refuse(b -> b.getEnvironmentBuilder().getPlatformsBuilder(0).clearPolicy());
    refuse(b -> b.getBrokerEvidenceBuilder(0).clearPolicy());
  }

  @Test
  void readsWhatPeopleWrite() {
    Agreement read = resolve(TEXT);
    assertThat(read.environment().platform("sev-snp").orElseThrow())
        .isInstanceOfSatisfying(
            SevSnpPolicy.class,
            snp -> {
              assertThat(snp.vmpl()).isEqualTo(SevSnpPolicy.STRICT_VMPL);
              assertThat(snp.revocationRequired()).isTrue();
              assertThat(snp.debugAllowed()).isFalse();
            });
    assertThat(read.environment().platform("tpm2")).contains(PolicySamples.swtpm());
    assertThat(read.brokerEvidence()).isEmpty();
  }

  @Test
  void readsWhatIsWantedOfTheBroker() {
    String text =
        TEXT.replace(
            "broker: local",
            """
            broker:
              key: local
              evidence:
                tpm2: {pcrs: {7: "%s"}, roots: {a-vendor: "%s"}}\
            """
                .formatted("02".repeat(32), PolicySamples.root(7)));
    assertThat(resolve(text).brokerEvidence())
        .singleElement()
        .isInstanceOfSatisfying(TpmPolicy.class, tpm -> assertThat(tpm.emulators()).isEmpty());
  }

  @Test
  void everyKindOfHardwareNeedsItsPolicyAndNoOther() {
    invalid(
        TEXT.replace("[sev-snp, tpm2]", "[tdx, tpm2]"),
        "agreement.yaml:13:3: environment.sev-snp: is there, but 'sev-snp' is not in evidence",
        "agreement.yaml:10:1: environment: 'tdx' is missing; expected a mapping");
    invalid(TEXT.replace("  sev-snp:\n", "  sev-snpp:\n"), "did you mean 'sev-snp'?");
    assertThatThrownBy(() -> environment(List.of("tdx"), List.of()))
        .hasMessageContaining("tdx: is missing; without it any machine of that kind would do");
    assertThatThrownBy(() -> environment(List.of("simulated"), List.of(PolicySamples.tdx())))
        .hasMessageContaining("tdx: is there, but not in evidence");
    assertThatThrownBy(
            () -> environment(List.of("tdx"), List.of(PolicySamples.tdx(), PolicySamples.tdx())))
        .hasMessageContaining("'tdx' is there twice");
  }

  @Test
  void everyProblemIsToldAtItsPlace() {
    invalid(
        TEXT.replace("families: [milan]", "familes: [milan]")
            .replace("bootloader: 3, ", "boot: 3, ")
            .replace("emulators: [swtpm]", "emulators: [qemu]"),
        "agreement.yaml:14:5: environment.sev-snp.familes: unknown key 'familes'; did you mean"
            + " 'families'?",
        "environment.sev-snp: 'families' is missing",
        "agreement.yaml:16:19: environment.sev-snp.minimum_tcb.boot: unknown key",
        "environment.sev-snp.minimum_tcb: 'bootloader' is missing",
        "environment.tpm2.emulators[0]: 'qemu' is not one of swtpm");
    invalid(TEXT.replace(M48, "ab"), "measurements[0]: is not 48 bytes as hex digits");
  }

  @Test
  void saysWhyARegisterCannotBeNamed() {
    String value = "\"" + "01".repeat(32) + "\"";
    invalid(
        TEXT.replace(
            "pcrs: {}",
            "pcrs: {14: %s, 15: %s, 16: %s, 23: %s, 24: %s}"
                .formatted(value, value, value, value, value)),
        "environment.tpm2.pcrs.14: holds what an enclave's launcher measured, and is always"
            + " compared",
        "environment.tpm2.pcrs.15: holds",
        "environment.tpm2.pcrs.16: can be reset by anyone",
        "environment.tpm2.pcrs.23: can be reset by anyone",
        "environment.tpm2.pcrs.24: is no register from 0 to 23");
    invalid(TEXT.replace("pcrs: {}, ", ""), "environment.tpm2: 'pcrs' is missing");
    invalid(TEXT.replace("roots: {a-vendor: ", "emulator: {a: "), "unknown key 'emulator'");
  }

  @Test
  void aBrokersPolicyMustCompareSomething() {
    invalid(
        TEXT.replace(
            "broker: local", "broker: {key: local, evidence: {simulated: {}, tpm2: {pcrs: {}}}}"),
        "broker.evidence.simulated: unknown key 'simulated'",
        "broker.evidence.tpm2.pcrs: is empty",
        "broker.evidence.tpm2: name 'roots'");
    invalid(TEXT.replace("broker: local", "broker: {key: local, evidence: {}}"), "is empty");
    invalid(
        TEXT.replace("broker: local", "broker: {keys: local}"),
        "did you mean 'key'?",
        "'key' is missing",
        "'evidence' is missing");
  }

  private static Environment environment(List<String> kinds, List<PlatformPolicy> policies) {
    return new Environment(
        kinds,
        policies,
        List.of(Samples.SHIM),
        Environment.STRICT_TESTS,
        List.of("bwrap"),
        HpkeSuite.XWING);
  }

  private static Agreement resolve(String text) {
    return AgreementYaml.parse(text, "agreement.yaml")
        .resolve(SAMPLES.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  private static void invalid(String text, String... problems) {
    assertThatThrownBy(() -> AgreementYaml.parse(text, "agreement.yaml"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(problems);
  }

  private static void refuse(
      java.util.function.Consumer<io.parley.proto.agreement.v1.Agreement.Builder> change) {
    assertThatThrownBy(
            () -> {
              var message = io.parley.proto.agreement.v1.Agreement.parseFrom(BYTES).toBuilder();
              change.accept(message);
              AgreementCodec.decode(io.parley.wire.StrictMessages.encode(message.build()));
            })
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT));
  }
}
