package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.proto.agreement.v1.FamilyTcb;
import io.parley.proto.agreement.v1.PcrValue;
import io.parley.proto.agreement.v1.VendorRoot;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Platform policies as messages. A message that lists in another order gives the same policy, so
 * whoever reads signed bytes compares what the policy encodes to. Stateless.
 */
public final class PlatformCodec {
  private PlatformCodec() {}

  /** For a message. */
  public static io.parley.proto.agreement.v1.PlatformPolicy toMessage(PlatformPolicy policy) {
    io.parley.proto.agreement.v1.PlatformPolicy.Builder message =
        io.parley.proto.agreement.v1.PlatformPolicy.newBuilder();
    return switch (policy) {
      case SevSnpPolicy snp -> message.setSevSnp(snp(snp)).build();
      case TdxPolicy tdx -> message.setTdx(tdx(tdx)).build();
      case NitroPolicy nitro -> message.setNitro(nitro(nitro)).build();
      case TpmPolicy tpm -> message.setTpm2(tpm(tpm)).build();
    };
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_AGREEMENT that lists every problem; INVALID_REQUEST when a
   *     digest has another length
   */
  public static PlatformPolicy fromMessage(io.parley.proto.agreement.v1.PlatformPolicy message) {
    return switch (message.getPolicyCase()) {
      case SEV_SNP -> snp(message.getSevSnp());
      case TDX -> tdx(message.getTdx());
      case NITRO -> nitro(message.getNitro());
      case TPM2 -> tpm(message.getTpm2());
      case POLICY_NOT_SET ->
          throw new RefusedException(
              Reason.INVALID_AGREEMENT, "a platform policy is about no kind of hardware");
    };
  }

  private static io.parley.proto.agreement.v1.SevSnpPolicy snp(SevSnpPolicy policy) {
    var message =
        io.parley.proto.agreement.v1.SevSnpPolicy.newBuilder()
            .addAllFamilies(policy.families())
            .addAllMeasurements(policy.measurements());
    switch (policy.minimumTcb()) {
      case SnpMinimum.ForAll(SnpTcb tcb) -> message.setMinimumTcb(tcb(tcb));
      case SnpMinimum.ByFamily(SortedMap<String, SnpTcb> tcbs) ->
          tcbs.forEach((family, tcb) ->
              message.addMinimumTcbs(
                  FamilyTcb.newBuilder().setFamily(family).setMinimum(tcb(tcb))));
    }
    return message
        .addAllVmpl(policy.vmpl())
        .addAllSigners(policy.signers())
        .addAllHostData(policy.hostData())
        .setDebugAllowed(policy.debugAllowed())
        .setMigrationAllowed(policy.migrationAllowed())
        .setRevocationNotRequired(!policy.revocationRequired())
        .addAllRoots(roots(policy.roots()))
        .build();
  }

  private static SevSnpPolicy snp(io.parley.proto.agreement.v1.SevSnpPolicy message) {
    return new SevSnpPolicy(
        message.getFamiliesList(),
        message.getMeasurementsList(),
        minimum(message),
        message.getVmplList(),
        message.getSignersList(),
        message.getHostDataList(),
        message.getDebugAllowed(),
        message.getMigrationAllowed(),
        !message.getRevocationNotRequired(),
        roots(message.getRootsList()));
  }

  private static SnpMinimum minimum(io.parley.proto.agreement.v1.SevSnpPolicy message) {
    if (message.getMinimumTcbsCount() == 0) {
      return new SnpMinimum.ForAll(tcb(message.getMinimumTcb()));
    }
    if (message.hasMinimumTcb()) {
      throw new RefusedException(
          Reason.INVALID_AGREEMENT,
          "sev-snp policy: has one minimum_tcb for all families and one for each; expected either");
    }
    SortedMap<String, SnpTcb> tcbs = new TreeMap<>();
    for (FamilyTcb each : message.getMinimumTcbsList()) {
      if (tcbs.put(each.getFamily(), tcb(each.getMinimum())) != null) {
        throw new RefusedException(
            Reason.INVALID_AGREEMENT, "sev-snp policy: minimum_tcb has a family twice");
      }
    }
    return new SnpMinimum.ByFamily(tcbs);
  }

  private static io.parley.proto.agreement.v1.SnpTcb tcb(SnpTcb tcb) {
    return io.parley.proto.agreement.v1.SnpTcb.newBuilder()
        .setFmc(tcb.fmc())
        .setBootloader(tcb.bootloader())
        .setTee(tcb.tee())
        .setSnp(tcb.snp())
        .setMicrocode(tcb.microcode())
        .build();
  }

  private static SnpTcb tcb(io.parley.proto.agreement.v1.SnpTcb message) {
    return new SnpTcb(
        message.getFmc(),
        message.getBootloader(),
        message.getTee(),
        message.getSnp(),
        message.getMicrocode());
  }

  private static io.parley.proto.agreement.v1.TdxPolicy tdx(TdxPolicy policy) {
    return io.parley.proto.agreement.v1.TdxPolicy.newBuilder()
        .addAllMrTd(policy.mrTd())
        .addAllRtmrs(policy.rtmrs())
        .setMinimumTcbEvaluation(policy.minimumTcbEvaluation())
        .addAllTcbStatus(policy.tcbStatus())
        .addAllAdvisories(policy.advisories())
        .addAllMrConfigId(policy.mrConfigId())
        .addAllMrOwner(policy.mrOwner())
        .addAllMrOwnerConfig(policy.mrOwnerConfig())
        .setDebugAllowed(policy.debugAllowed())
        .addAllRoots(roots(policy.roots()))
        .build();
  }

  private static TdxPolicy tdx(io.parley.proto.agreement.v1.TdxPolicy message) {
    return new TdxPolicy(
        message.getMrTdList(),
        message.getRtmrsList(),
        message.getMinimumTcbEvaluation(),
        message.getTcbStatusList(),
        message.getAdvisoriesList(),
        message.getMrConfigIdList(),
        message.getMrOwnerList(),
        message.getMrOwnerConfigList(),
        message.getDebugAllowed(),
        roots(message.getRootsList()));
  }

  private static io.parley.proto.agreement.v1.NitroPolicy nitro(NitroPolicy policy) {
    return io.parley.proto.agreement.v1.NitroPolicy.newBuilder()
        .addAllPcrs(pcrs(policy.pcrs()))
        .setDebugAllowed(policy.debugAllowed())
        .addAllRoots(roots(policy.roots()))
        .build();
  }

  private static NitroPolicy nitro(io.parley.proto.agreement.v1.NitroPolicy message) {
    return new NitroPolicy(
        pcrs(message.getPcrsList()), message.getDebugAllowed(), roots(message.getRootsList()));
  }

  private static io.parley.proto.agreement.v1.TpmPolicy tpm(TpmPolicy policy) {
    return io.parley.proto.agreement.v1.TpmPolicy.newBuilder()
        .addAllPcrs(pcrs(policy.pcrs()))
        .addAllAttestationKeySha256(policy.attestationKeys().stream().map(Digest::value).toList())
        .addAllRoots(roots(policy.roots()))
        .addAllEmulators(policy.emulators())
        .setRevocationNotRequired(!policy.revocationRequired())
        .addAllAlsoQuoted(policy.alsoQuoted())
        .build();
  }

  private static TpmPolicy tpm(io.parley.proto.agreement.v1.TpmPolicy message) {
    return new TpmPolicy(
        pcrs(message.getPcrsList()),
        message.getAttestationKeySha256List().stream().map(Digest::new).toList(),
        roots(message.getRootsList()),
        message.getEmulatorsList(),
        !message.getRevocationNotRequired(),
        message.getAlsoQuotedList());
  }

  private static List<PcrValue> pcrs(SortedMap<Integer, ByteString> pcrs) {
    return pcrs.entrySet().stream()
        .map(pcr -> PcrValue.newBuilder().setIndex(pcr.getKey()).setValue(pcr.getValue()).build())
        .toList();
  }

  private static SortedMap<Integer, ByteString> pcrs(List<PcrValue> messages) {
    SortedMap<Integer, ByteString> pcrs = new TreeMap<>();
    // What is there twice falls away here, so the bytes differ, and are refused for that.
    messages.forEach(pcr -> pcrs.put(pcr.getIndex(), pcr.getValue()));
    return pcrs;
  }

  private static List<VendorRoot> roots(SortedMap<String, Digest> roots) {
    return roots.entrySet().stream()
        .map(root ->
            VendorRoot.newBuilder()
                .setName(root.getKey())
                .setSha256(root.getValue().value())
                .build())
        .toList();
  }

  private static SortedMap<String, Digest> roots(List<VendorRoot> messages) {
    SortedMap<String, Digest> roots = new TreeMap<>();
    messages.forEach(root -> roots.put(root.getName(), new Digest(root.getSha256())));
    return roots;
  }
}
