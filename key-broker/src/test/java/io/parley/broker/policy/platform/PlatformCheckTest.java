package io.parley.broker.policy.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.agreement.platform.PolicyFile;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.policy.platform.Comparison.Outcome;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing that is left out means "not compared", and every difference has its own reason. */
final class PlatformCheckTest {
  private static final String M48 = "ab".repeat(48);
  private static final String SNP =
      """
      kind: sev-snp
      families: [genoa]
      measurements: [%s]
      minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
      """
          .formatted(M48);
  private static final String TDX =
      """
      kind: tdx
      mr_td: [%s]
      rtmrs: {0: %s, 1: %s, 2: %s, 3: %s}
      minimum_tcb_evaluation: 17
      """
          .formatted(M48, M48, M48, M48, M48);

  @Test
  void whatIsLeftOutOfAnSnpPolicyIsStrict() {
    SnpCheck policy = (SnpCheck) check(SNP, "p");
    assertThat(policy.debug()).isEqualTo(strict(false));
    assertThat(policy.migratable()).isEqualTo(strict(false));
    assertThat(policy.vmpl()).isEqualTo(strict(0L));
    assertThat(policy.signers()).isEqualTo(strict("vcek"));
    assertThat(policy.hostData()).isEqualTo(strict(ByteString.copyFrom(new byte[32])));
    assertThat(policy.revocation()).isEqualTo(strict(Revocation.CHECKED));
    assertThat(policy.compare(snp("genoa", 0, false, false, 20, M48, Revocation.CHECKED)))
        .allSatisfy(each -> assertThat(each.outcome()).isEqualTo(Outcome.HOLDS));
  }

  @Test
  void everyDifferenceOfAnSnpGuestHasItsReason() {
    SnpCheck policy = (SnpCheck) check(SNP, "p");
    assertThat(
            differences(
                policy.compare(
                    snp("milan", 1, true, true, 19, "cd".repeat(48), Revocation.NOT_CHECKED))))
        .containsExactly(
            Reason.EVIDENCE_DEBUG,
            Reason.EVIDENCE_MIGRATABLE,
            Reason.EVIDENCE_PRODUCT_WRONG,
            Reason.EVIDENCE_TCB_OUTDATED,
            Reason.EVIDENCE_COLLATERAL_MISSING,
            Reason.EVIDENCE_VMPL_WRONG,
            Reason.EVIDENCE_MEASUREMENT_WRONG);
  }

  @Test
  void aMachineIsComparedWithTheMinimumOfItsFamily() {
    SnpCheck policy =
        (SnpCheck)
            check(
                """
                kind: sev-snp
                families: [milan, genoa]
                measurements: [%s]
                minimum_tcb:
                  milan: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
                  genoa: {bootloader: 4, tee: 1, snp: 15, microcode: 209}
                """
                    .formatted(M48),
                "p");
    assertThat(differences(policy.compare(ofFamily("milan", 20)))).isEmpty();
    assertThat(differences(policy.compare(ofFamily("genoa", 15)))).isEmpty();
    assertThat(differences(policy.compare(ofFamily("genoa", 14))))
        .containsExactly(Reason.EVIDENCE_TCB_OUTDATED);
    // Enough of the one is not enough of the other.
    assertThat(policy.compare(ofFamily("milan", 15)))
        .filteredOn(each -> each.outcome() == Outcome.DIFFERS)
        .singleElement()
        .satisfies(tcb -> {
          assertThat(tcb.reason()).isEqualTo(Reason.EVIDENCE_TCB_OUTDATED);
          assertThat(tcb.expected())
              .isEqualTo("at least fmc 0, bootloader 4, tee 1, snp 20, microcode 209");
          assertThat(tcb.seen()).contains("snp 15");
        });
    assertThat(policy.compare(ofFamily("turin", 255)))
        .filteredOn(each -> each.outcome() == Outcome.DIFFERS)
        .extracting(Comparison::claim, Comparison::expected)
        .containsExactly(
            tuple("product", "genoa or milan"), tuple("tcb", "nothing that is allowed"));
  }

  private static SnpClaims ofFamily(String family, int firmware) {
    return snp(family, 0, false, false, firmware, M48, Revocation.CHECKED);
  }

  @Test
  void aTcbIsComparedPartByPart() {
    Tcb least = new Tcb(0, 4, 1, 20, 209);
    assertThat(least.atLeast(least)).isTrue();
    assertThat(new Tcb(1, 5, 2, 21, 210).atLeast(least)).isTrue();
    assertThat(new Tcb(0, 3, 9, 99, 255).atLeast(least)).isFalse();
    assertThat(new Tcb(0, 9, 0, 99, 255).atLeast(least)).isFalse();
    assertThat(new Tcb(0, 9, 9, 19, 255).atLeast(least)).isFalse();
    assertThat(new Tcb(0, 9, 9, 99, 208).atLeast(least)).isFalse();
    assertThat(least.atLeast(new Tcb(1, 0, 0, 0, 0))).isFalse();
  }

  @Test
  void aTdxPolicyTakesOnlyUpToDateMachinesUnlessItSaysMore() {
    TdxCheck strict = (TdxCheck) check(TDX, "p");
    assertThat(differences(strict.compare(tdx(TcbStatus.UP_TO_DATE, 17, Set.of())))).isEmpty();
    assertThat(
            differences(strict.compare(tdx(TcbStatus.OUT_OF_DATE, 16, Set.of("INTEL-SA-00001")))))
        .containsExactly(
            Reason.EVIDENCE_TCB_OUTDATED,
            Reason.EVIDENCE_ADVISORY_NOT_ALLOWED,
            Reason.EVIDENCE_COLLATERAL_EXPIRED);
    assertThat(differences(strict.compare(tdx(TcbStatus.NOT_CHECKED, 0, Set.of()))))
        .contains(Reason.EVIDENCE_COLLATERAL_MISSING);
    TdxCheck lenient =
        (TdxCheck)
            check(
                TDX
                    + """
                    tcb_status: [UpToDate, OutOfDate]
                    advisories: [INTEL-SA-00001, INTEL-SA-00002]
                    """,
                "p");
    assertThat(
            differences(lenient.compare(tdx(TcbStatus.OUT_OF_DATE, 17, Set.of("INTEL-SA-00001")))))
        .isEmpty();
    assertThat(
            differences(lenient.compare(tdx(TcbStatus.OUT_OF_DATE, 17, Set.of("INTEL-SA-00003")))))
        .containsExactly(Reason.EVIDENCE_ADVISORY_NOT_ALLOWED);
  }

  @ParameterizedTest
  @CsvSource({
    "'roots: {v: ROOT}', '', EVERYTHING",
    "'roots: {v: ROOT}', swtpm, EVIDENCE_EMULATED",
    "'roots: {v: ROOT}', unknown, EVIDENCE_EMULATED",
    "'roots: {v: ROOT}\nemulators: [swtpm]', swtpm, EVERYTHING",
    "'roots: {v: ROOT}\nemulators: [swtpm]', '', EVERYTHING",
    "'roots: {v: ROOT}\nemulators: [swtpm]', unknown, EVIDENCE_EMULATED",
    "'roots: {v: ROOT}\nattestation_keys: [ROOT]', unknown, EVERYTHING",
    "'roots: {v: ROOT}\nattestation_keys: [ROOT]', swtpm, EVIDENCE_EMULATED",
  })
  void anEmulationIsAllowedByNameOnly(String trust, String emulator, String reason) {
    TpmCheck policy =
        (TpmCheck)
            check(
                "kind: tpm2\npcrs: {7: %s}\n%s"
                    .formatted(
                        "ab".repeat(32),
                        trust
                            .replace("\\n", "\n")
                            .replace("ROOT", "\"sha256:" + "ab".repeat(32) + '"')),
                "p");
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    pcrs.put(7, io.parley.broker.evidence.trust.Hex.parse("ab".repeat(32)));
    TpmClaims claims =
        new TpmClaims(
            "v", emulator, io.parley.wire.Digest.of(new byte[1]), pcrs, ByteString.EMPTY, 0, 0, 0);
    assertThat(differences(policy.compare(claims)))
        .isEqualTo(reason.equals("EVERYTHING") ? List.of() : List.of(Reason.valueOf(reason)));
  }

  @ParameterizedTest
  @CsvSource({
    "'', '7', true",
    "'', '7 16', false",
    "'also_quoted: [16]', '7', true",
    "'also_quoted: [16]', '7 16', true",
    "'also_quoted: [16]', '7 16 23', false",
    "'also_quoted: [16]', '7 11 16', false",
    "'also_quoted: [16]', '16', false",
    "'also_quoted: [16, 23]', '7 23', true",
    "'also_quoted: [16, 23]', '7 16 23', true",
  })
  void aQuoteIsOverWhatIsNamedAndNoMore(String also, String quoted, boolean allowed) {
    TpmCheck policy =
        (TpmCheck)
            check(
                "kind: tpm2\npcrs: {7: %1$s}\nroots: {v: \"sha256:%1$s\"}\n%2$s\n"
                    .formatted("ab".repeat(32), also),
                "p");
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    for (String pcr : quoted.split(" ")) {
      pcrs.put(Integer.valueOf(pcr), io.parley.broker.evidence.trust.Hex.parse("ab".repeat(32)));
    }
    TpmClaims claims =
        new TpmClaims(
            "v", "", io.parley.wire.Digest.of(new byte[1]), pcrs, ByteString.EMPTY, 0, 0, 0);
    assertThat(differences(policy.compare(claims)).isEmpty()).isEqualTo(allowed);
  }

  @ParameterizedTest
  @CsvSource({
    "kind, kind",
    "families, families",
    "measurements, measurements",
    "minimum_tcb, minimum_tcb"
  })
  void whatHasNoStrictValueMustBeWritten(String key, String named) {
    String without =
        SNP.lines()
            .filter(line -> !line.startsWith(key + ":"))
            .collect(java.util.stream.Collectors.joining("\n"));
    invalid(without, named);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcb_status: [NotChecked]",
        "tcb_status: [Revoked]",
        "tcb_status: []",
        "debug: maybe",
        "colour: red",
        "mr_owner: [ab]"
      })
  void refusesWhatCannotBeMeant(String line) {
    invalid(TDX + line, line.substring(0, line.indexOf(':')));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "kind: sgx",
        "kind: nitro",
        "kind: nitro\npcrs: {}",
        "kind: nitro\npcrs: {0: ab}",
        "kind: tpm2\npcrs: {0: ab}",
        "kind: tpm2\npcrs: {16: \"abababababababababababababababababababababababababababababababab\"}",
        "- a list",
        ""
      })
  void refusesWhatIsNotWhole(String text) {
    invalid(text, "p");
  }

  private static PlatformCheck check(String text, String name) {
    PolicyFile file = PlatformYaml.parse(text, name);
    return PlatformCheck.of(file.policy(), PolicySource.file(file, name));
  }

  private static void invalid(String text, String named) {
    assertThatThrownBy(() -> PlatformYaml.parse(text, "p"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining(named);
  }

  private static <T> Expected<T> strict(T value) {
    return new Expected.OneOf<>(List.of(value), PlatformCheck.DEFAULT);
  }

  private static List<Reason> differences(List<Comparison> all) {
    return all.stream()
        .filter(each -> each.outcome() == Outcome.DIFFERS)
        .map(Comparison::reason)
        .toList();
  }

  private static SnpClaims snp(
      String product,
      long vmpl,
      boolean debug,
      boolean migratable,
      int snp,
      String measurement,
      Revocation revocation) {
    ByteString none = ByteString.EMPTY;
    return new SnpClaims(
        product,
        "vcek",
        3,
        vmpl,
        debug,
        migratable,
        0,
        0,
        0,
        new Tcb(0, 4, 1, snp, 209),
        io.parley.broker.evidence.trust.Hex.parse(measurement),
        none,
        ByteString.copyFrom(new byte[32]),
        none,
        none,
        none,
        none,
        none,
        none,
        revocation);
  }

  private static TdxClaims tdx(TcbStatus status, int evaluation, Set<String> advisories) {
    ByteString measured = io.parley.broker.evidence.trust.Hex.parse(M48);
    ByteString zeros = ByteString.copyFrom(new byte[48]);
    return new TdxClaims(
        5,
        false,
        false,
        ByteString.EMPTY,
        new TdxClaims.Tcb(status, "", evaluation, new TreeSet<>(advisories)),
        new TdxClaims.Body(
            zeros,
            zeros,
            zeros,
            zeros,
            zeros,
            zeros,
            measured,
            zeros,
            zeros,
            zeros,
            Collections.nCopies(4, measured),
            zeros,
            ByteString.EMPTY),
        Revocation.CHECKED);
  }
}
