package io.parley.agreement.platform;

import static io.parley.agreement.platform.PolicySamples.bytes;
import static io.parley.agreement.platform.PolicySamples.root;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.FieldDescriptor;
import io.parley.proto.agreement.v1.FamilyTcb;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** A policy that could mean nothing, or two things, cannot be made. */
final class PlatformPolicyTest {
  private static final SortedMap<String, Digest> NONE = Collections.emptySortedMap();

  static List<PlatformPolicy> all() {
    return Stream.concat(
            PolicySamples.all().stream(), Stream.<PlatformPolicy>of(PolicySamples.snpByFamily()))
        .toList();
  }

  @ParameterizedTest
  @MethodSource("all")
  void comesBackFromItsMessage(PlatformPolicy policy) {
    assertThat(PlatformCodec.fromMessage(PlatformCodec.toMessage(policy))).isEqualTo(policy);
  }

  @ParameterizedTest
  @MethodSource("all")
  void comesBackFromItsText(PlatformPolicy policy) {
    String text =
        "kind: %s\n%s\n".formatted(policy.kind(), String.join("\n", PlatformYaml.write(policy)));
    assertThat(PlatformYaml.parse(text, "p").policy()).isEqualTo(policy);
  }

  @Test
  void aMinimumForTurinNamesItsFmc() {
    String text =
        """
        kind: sev-snp
        families: [%s]
        measurements: [%s]
        minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
        """;
    String measurement = "ab".repeat(48);
    assertThat(PlatformYaml.parse(text.formatted("genoa", measurement), "p").policy()).isNotNull();
    assertThatThrownBy(
            () -> PlatformYaml.parse(text.formatted("genoa, turin", measurement), "p").policy())
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("minimum_tcb: 'fmc' is missing");
  }

  /** What was signed before lists could be named has the same bytes, and is strict. */
  @Test
  void aTpmsListsAreRequiredUnlessThePolicySaysOtherwise() {
    TpmPolicy strict = PolicySamples.swtpm();
    assertThat(strict.revocationRequired()).isTrue();
    assertThat(PlatformCodec.toMessage(strict).getTpm2().getAllFields().keySet())
        .extracting(FieldDescriptor::getName)
        .containsExactly("roots", "emulators");
    String text = "kind: tpm2\npcrs: {7: %s}\nattestation_keys: [%s]\n";
    text = text.formatted("ab".repeat(32), root(1));
    assertThat(((TpmPolicy) PlatformYaml.parse(text, "p").policy()).revocationRequired()).isTrue();
    String without = text + "revocation: not_required\n";
    assertThat(((TpmPolicy) PlatformYaml.parse(without, "p").policy()).revocationRequired())
        .isFalse();
    assertThatThrownBy(() -> PlatformYaml.parse(without.replace("not_", "un"), "p"))
        .hasMessageContaining("revocation: 'unrequired' is not one of required, not_required");
  }

  @Test
  void onlyRegistersThatAnyoneMayResetAreQuotedWithoutAValue() {
    String text =
        "kind: tpm2\npcrs: {7: %s}\nattestation_keys: [%s]\nalso_quoted: "
            .formatted("ab".repeat(32), root(1));
    TpmPolicy read = (TpmPolicy) PlatformYaml.parse(text + "[23, 16]\n", "p").policy();
    assertThat(read.alsoQuoted()).containsExactly(16, 23);
    assertThatThrownBy(() -> PlatformYaml.parse(text + "[16, 15]\n", "p"))
        .hasMessageContaining("also_quoted: '15' is not one of [16, 23]");
    assertThatThrownBy(() -> PlatformYaml.parse(text + "[16, 16]\n", "p"))
        .hasMessageContaining("also_quoted: has a value twice");
    assertThatThrownBy(() -> PlatformYaml.parse(text + "[24]\n", "p"))
        .hasMessageContaining("also_quoted[0]: '24' is not 0 to 23");
  }

  /** Made by hand from the fields' numbers, before there were minimums by family. */
  @Test
  void aPolicyThatWasSignedKeepsItsBytes() {
    assertThat(
            Digest.of(StrictMessages.encode(PlatformCodec.toMessage(PolicySamples.snp())))
                .toString())
        .isEqualTo("sha256:6560250fc7fcbcd3cdf8dce27cdffb5a7eeeb0fc883c000454d8a0f4c54f6c3c");
  }

  @Test
  void aMessageHasOneOfBothMinimums() {
    var policy = PlatformCodec.toMessage(PolicySamples.snpByFamily());
    assertThat(policy.getSevSnp().hasMinimumTcb()).isFalse();
    assertThat(policy.getSevSnp().getMinimumTcbsList())
        .extracting(FamilyTcb::getFamily)
        .containsExactly("milan", "turin");
    var both = policy.toBuilder();
    both.getSevSnpBuilder().getMinimumTcbBuilder().setSnp(1);
    refused(() -> PlatformCodec.fromMessage(both.build()), "expected either");
    var empty = policy.toBuilder();
    empty.getSevSnpBuilder().getMinimumTcbBuilder();
    refused(() -> PlatformCodec.fromMessage(empty.build()), "expected either");
    var twice = policy.toBuilder();
    twice.getSevSnpBuilder().addMinimumTcbs(policy.getSevSnp().getMinimumTcbs(0));
    refused(() -> PlatformCodec.fromMessage(twice.build()), "has a family twice");
    var other = policy.toBuilder();
    other.getSevSnpBuilder().getMinimumTcbsBuilder(0).setFamily("genoa");
    refused(
        () -> PlatformCodec.fromMessage(other.build()),
        "'milan' is missing",
        "minimum_tcb.genoa: is not among 'families': milan, turin");
  }

  @Test
  void minimumsAreForEachFamilyThatIsAllowedAndForNoOther() {
    SnpTcb tcb = new SnpTcb(0, 1, 2, 3, 4);
    refused(
        () -> PolicySamples.snp(new TreeMap<>(Map.of("milan", tcb))),
        "minimum_tcb: 'turin' is missing: the policy allows that family");
    refused(
        () -> PolicySamples.snp(new TreeMap<>(Map.of("milan", tcb, "turin", tcb, "genoa", tcb))),
        "minimum_tcb.genoa: is not among 'families': milan, turin");
    refused(
        () ->
            PolicySamples.snp(
                new TreeMap<>(Map.of("milan", new SnpTcb(1, 1, 2, 3, 4), "turin", tcb))),
        "minimum_tcb.milan.fmc: is 1; only turin has one");
    refused(() -> PolicySamples.snp(new TreeMap<>()), "'milan' is missing", "'turin' is missing");
  }

  @Test
  void minimumsByFamilyAreRead() {
    SevSnpPolicy policy =
        (SevSnpPolicy)
            minimum(
                "milan, turin",
                "{milan: {bootloader: 4, tee: 1, snp: 20, microcode: 209}, turin: {fmc: 1,"
                    + " bootloader: 0, tee: 0, snp: 2, microcode: 5}}");
    assertThat(policy.minimumTcb().of("milan")).contains(new SnpTcb(0, 4, 1, 20, 209));
    assertThat(policy.minimumTcb().of("turin")).contains(new SnpTcb(1, 0, 0, 2, 5));
    assertThat(policy.minimumTcb().of("genoa")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '"',
      textBlock =
          """
          milan | {genoa: PARTS, milan: PARTS} | minimum_tcb.genoa: is not among 'families': milan
          milan, genoa | {genoa: PARTS} | minimum_tcb: 'milan' is missing
          milan | {milan: PARTS, snp: 20} | minimum_tcb: has versions and families
          milan | {bootloader: 4, tee: 1, snp: 20, microcode: 209, milan: PARTS} | has versions and
          milan | {milan: PARTS, rome: PARTS} | minimum_tcb.rome: unknown key
          milan | {milan: 20} | minimum_tcb.milan
          milan | {milan: {bootloader: 4, tee: 1, snp: 20}} | minimum_tcb.milan: 'microcode' is missing
          milan | {milan: {bootloader: 4, tee: 1, snp: 256, microcode: 1}} | minimum_tcb.milan.snp
          milan | {milan: {fmc: 1, bootloader: 4, tee: 1, snp: 2, microcode: 1}} | milan.fmc: is 1
          milan, turin | {milan: PARTS, turin: PARTS} | minimum_tcb.turin: 'fmc' is missing
          milan | {} | 'bootloader' is missing
          """)
  void minimumsByFamilyThatAreAMistakeAreRefused(String families, String minimum, String why) {
    assertThatThrownBy(() -> minimum(families, minimum))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(why);
  }

  private static PlatformPolicy minimum(String families, String minimum) {
    return PlatformYaml.parse(
            """
            kind: sev-snp
            families: [%s]
            measurements: [%s]
            minimum_tcb: %s
            """
                .formatted(
                    families,
                    "ab".repeat(48),
                    minimum.replace("PARTS", "{bootloader: 4, tee: 1, snp: 20, microcode: 209}")),
            "p")
        .policy();
  }

  @Test
  void ordersMeanNothing() {
    SevSnpPolicy snp = PolicySamples.snp();
    assertThat(snp.measurements()).containsExactly(bytes(48, 1), bytes(48, 0xff));
    assertThat(snp.families()).containsExactly("milan", "turin");
    assertThat(snp.vmpl()).containsExactly(0, 3);
  }

  @Test
  void refusesListsThatAllowNothingOrSayAThingTwice() {
    refused(
        () -> snp(List.of(), List.of(), List.of(), List.of()),
        "families: is empty",
        "measurements: is empty",
        "vmpl: is empty",
        "signers: is empty");
    refused(
        () ->
            snp(
                List.of("milan", "milan"),
                List.of(bytes(48, 1), bytes(48, 1)),
                List.of(0, 0),
                List.of("vcek", "vcek")),
        "families: has a value twice",
        "measurements: has a value twice",
        "vmpl: has a value twice",
        "signers: has a value twice");
    refused(
        () -> snp(List.of("Milan", "rome"), List.of(bytes(47, 1)), List.of(4, -1), List.of("asvk")),
        "'Milan' is not one of milan, genoa, turin; did you mean 'milan'?",
        "measurements: has 47 bytes; expected 48",
        "vmpl: '4' is not 0 to 3",
        "vmpl: '4294967295' is not 0 to 3",
        "'asvk' is not one of vcek, vlek");
  }

  @Test
  void limitsEveryList() {
    refused(
        () ->
            snp(
                List.of("milan"),
                IntStream.rangeClosed(0, 64).mapToObj(i -> bytes(48, i)).toList(),
                List.of(0),
                List.of("vcek")),
        "measurements: has 65 values; expected 1 to 64");
    TreeMap<String, Digest> roots = new TreeMap<>();
    IntStream.rangeClosed(0, 64).forEach(i -> roots.put("root" + i, root(i)));
    refused(
        () -> new NitroPolicy(PolicySamples.nitro().pcrs(), false, roots),
        "roots: has 65 values; expected 0 to 64");
    refused(
        () ->
            tdx(
                Collections.nCopies(4, bytes(48, 1)),
                IntStream.range(0, 257).mapToObj(i -> "INTEL-SA-" + i).toList()),
        "advisories: has 257 values; expected 0 to 256");
  }

  @Test
  void aTdHasFourRegisters() {
    refused(() -> tdx(Collections.nCopies(3, bytes(48, 1)), List.of()), "rtmrs: has 3 values");
    refused(() -> tdx(List.of(), List.of()), "rtmrs: is empty");
    refused(
        () -> tdx(Collections.nCopies(4, bytes(32, 1)), List.of("<script>")),
        "rtmrs: has 32 bytes; expected 48",
        "'<script>' is no advisory");
  }

  @Test
  void aNitroImageIsMeasuredInThreeRegisters() {
    refused(
        () -> new NitroPolicy(new TreeMap<>(Map.of(32, bytes(48, 1), 2, bytes(1, 1))), false, NONE),
        "'0' is missing",
        "'1' is missing",
        "'32' is no register from 0 to 31",
        "pcrs.2: has 1 bytes; expected 48");
  }

  @Test
  void aTpmNeedsSomethingThatVouchesForItsKey() {
    refused(() -> tpm(Map.of(0, bytes(32, 1)), List.of(), Map.of()), "name 'roots'");
    refused(
        () ->
            tpm(Map.of(16, bytes(32, 1), 23, bytes(32, 1), 24, bytes(32, 1)), List.of(), Map.of()),
        "pcrs.16: can be reset by anyone",
        "pcrs.23: can be reset by anyone",
        "'24' is no register from 0 to 23");
    refused(
        () -> tpm(Map.of(), List.of(root(1), root(1)), Map.of("pinned-key", root(2))),
        "attestation_keys: has a value twice",
        "roots.pinned-key: stands for keys");
    refused(
        () -> tpm(Map.of(), List.of(), Map.of("a", root(1), "b", root(1), "C c", root(2))),
        "roots: has a value twice",
        "'C c' must be lower-case");
    refused(
        () ->
            new TpmPolicy(
                Collections.emptySortedMap(), List.of(root(1)), NONE, List.of("swtpmm", "qemu")),
        "'swtpmm' is not one of swtpm; did you mean 'swtpm'?",
        "'qemu' is not one of swtpm");
  }

  @Test
  void rootsOfAmdHaveProductsNames() {
    SevSnpPolicy good = PolicySamples.snp();
    refused(
        () ->
            new SevSnpPolicy(
                good.families(),
                good.measurements(),
                good.minimumTcb(),
                good.vmpl(),
                good.signers(),
                good.hostData(),
                false,
                false,
                true,
                new TreeMap<>(Map.of("rome", root(1)))),
        "roots.rome: 'rome' is not one of milan, genoa, turin");
    refused(() -> new SnpTcb(256, 0, 0, 0, 0), "0 to 255");
    refused(() -> new SnpTcb(0, 0, 0, 0, -1), "0 to 255");
  }

  @Test
  void aMessageMustBeAboutAKind() {
    refused(
        () ->
            PlatformCodec.fromMessage(
                io.parley.proto.agreement.v1.PlatformPolicy.getDefaultInstance()),
        "about no kind");
  }

  private static SevSnpPolicy snp(
      List<String> families, List<ByteString> measured, List<Integer> vmpl, List<String> signers) {
    return new SevSnpPolicy(
        families,
        measured,
        new SnpMinimum.ForAll(new SnpTcb(0, 0, 0, 0, 0)),
        vmpl,
        signers,
        SevSnpPolicy.STRICT_HOST_DATA,
        false,
        false,
        true,
        NONE);
  }

  private static TdxPolicy tdx(List<ByteString> rtmrs, List<String> advisories) {
    return new TdxPolicy(
        List.of(bytes(48, 1)),
        rtmrs,
        1,
        TdxPolicy.STRICT_STATUS,
        advisories,
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        false,
        NONE);
  }

  private static TpmPolicy tpm(
      Map<Integer, ByteString> pcrs, List<Digest> keys, Map<String, Digest> roots) {
    return new TpmPolicy(new TreeMap<>(pcrs), keys, new TreeMap<>(roots), List.of());
  }

  private static void refused(Supplier<Object> make, String... problems) {
    assertThatThrownBy(make::get)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(problems);
  }
}
