package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.SnpMinimum;
import io.parley.agreement.platform.SnpTcb;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.sevsnp.SnpRoots;
import io.parley.wire.Reason;
import java.util.List;

/**
 * What is wanted of an AMD SEV-SNP guest and its machine.
 *
 * @param roots AMD's, or those in their place
 */
public record SnpCheck(
    Expected<String> families,
    Expected<ByteString> measurements,
    Expected<SnpMinimum> minimumTcb,
    Expected<Long> vmpl,
    Expected<String> signers,
    Expected<ByteString> hostData,
    Expected<Boolean> debug,
    Expected<Boolean> migratable,
    Expected<Revocation> revocation,
    SnpRoots roots)
    implements PlatformCheck {
  static SnpCheck of(SevSnpPolicy policy, PolicySource source) {
    return new SnpCheck(
        source.expect("families", policy.families()),
        source.expect("measurements", policy.measurements()),
        source.expect("minimum_tcb", policy.minimumTcb()),
        source.expect("vmpl", policy.vmpl().stream().map(Integer::longValue).toList()),
        source.expect("signers", policy.signers()),
        source.expect("host_data", policy.hostData()),
        source.refused("debug", policy.debugAllowed()),
        source.refused("migration", policy.migrationAllowed()),
        source.expect(
            "revocation",
            policy.revocationRequired()
                ? List.of(Revocation.CHECKED)
                : List.of(Revocation.CHECKED, Revocation.NOT_CHECKED)),
        SnpRoots.orThose(policy.roots()));
  }

  /** Nothing that hangs on the agreement is compared; open guests are refused all the same. */
  public static SnpCheck genuineOnly(String because) {
    return new SnpCheck(
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        new Expected.Unchecked<>(because),
        PlatformCheck.refused(),
        PlatformCheck.refused(),
        new Expected.Unchecked<>(because),
        SnpRoots.AMD);
  }

  @Override
  public String kind() {
    return SnpClaims.KIND;
  }

  /** Claim by claim. */
  public List<Comparison> compare(SnpClaims claims) {
    Comparisons all = new Comparisons();
    all.equal(
        Reason.EVIDENCE_DEBUG,
        "debug",
        debug,
        claims.debug(),
        "start the guest without debugging: the host can read its memory");
    all.equal(
        Reason.EVIDENCE_MIGRATABLE,
        "migratable",
        migratable,
        claims.migratable(),
        "start the guest without a migration agent");
    all.equal(
        Reason.EVIDENCE_PRODUCT_WRONG,
        "product",
        families,
        claims.product(),
        "run the guest on a processor that is named");
    all.equal(
        Reason.EVIDENCE_PLATFORM_WRONG,
        "signer",
        signers,
        claims.signer(),
        "have the report signed by the kind of key that is named");
    all.that(
        Reason.EVIDENCE_TCB_OUTDATED,
        "tcb",
        minimumTcb.flatMap(minimum -> minimum.of(claims.product()).map(SnpCheck::tcb)),
        claims.tcb(),
        (least, seen) -> seen.atLeast(least),
        "at least ",
        "update the machine's firmware");
    all.equal(
        Reason.EVIDENCE_COLLATERAL_MISSING,
        "revocation",
        revocation,
        claims.revocation(),
        "send AMD's revocation list with the evidence");
    all.equal(
        Reason.EVIDENCE_VMPL_WRONG,
        "vmpl",
        vmpl,
        claims.vmpl(),
        "ask for the report at a privilege level that is named");
    all.equal(
        Reason.EVIDENCE_MEASUREMENT_WRONG,
        "measurement",
        measurements,
        claims.measurement(),
        "start the image that the parties signed");
    all.equal(
        Reason.EVIDENCE_MEASUREMENT_WRONG,
        "host_data",
        hostData,
        claims.hostData(),
        "start the guest with the host data that the parties signed");
    return all.all();
  }

  private static Tcb tcb(SnpTcb tcb) {
    return new Tcb(tcb.fmc(), tcb.bootloader(), tcb.tee(), tcb.snp(), tcb.microcode());
  }
}
