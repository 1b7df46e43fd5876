package io.parley.peer.platform.kinds;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.evidence.tsm.TsmReport;
import io.parley.evidence.tsm.TsmReports;
import io.parley.peer.config.PlatformConfig;
import io.parley.peer.config.PlatformConfig.ConfidentialVm;
import io.parley.peer.config.PlatformConfig.Elsewhere;
import io.parley.peer.config.PlatformConfig.EmulatedTpm;
import io.parley.peer.config.PlatformConfig.Simulated;
import io.parley.peer.config.PlatformConfig.TpmDevice;
import io.parley.peer.platform.Platform;
import io.parley.peer.platform.SimulatedPlatform;
import io.parley.peer.tpm.TpmFacts;
import io.parley.peer.tpm.TpmPlatform;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/** Makes the platform that a configuration names. */
public final class Platforms {
  /**
   * What a platform is made in.
   *
   * @param state the home's folder for what stays
   * @param temporary where private folders are made; the enclaves' user must be able to reach it
   * @param uid user that helpers run as when this process runs as root
   * @param simulated signs where the platform is simulated
   */
  public record Surroundings(
      Path state,
      Path temporary,
      int uid,
      SimulatedEvidence.Signer simulated,
      SecureRandom random) {}

  private static final ByteString NOTHING = ByteString.copyFrom(new byte[ReportData.SIZE_BYTES]);

  private Platforms() {}

  /**
   * Makes it; the caller closes it.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE when something for it is
   *     missing, with what to do
   */
  public static Platform open(PlatformConfig config, Surroundings in) {
    return switch (config) {
      case Simulated _ -> new SimulatedPlatform(in.simulated());
      case EmulatedTpm _ -> emulated(in);
      case TpmDevice device -> device(device, in);
      case ConfidentialVm vm -> new TsmPlatform(vm, reports(vm, in));
      case Elsewhere _ -> throw elsewhere();
    };
  }

  /**
   * What there is to know about it. Measures nothing.
   *
   * @param pcrs registers of a TPM to read
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE when it does not work, with
   *     what to do
   */
  public static PlatformFacts facts(
      PlatformConfig config, Surroundings in, Collection<Integer> pcrs) {
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("evidence", config.kind());
    switch (config) {
      case Simulated _ -> facts.put("note", "a software key: it proves nothing about the host");
      case EmulatedTpm _ -> {
        facts.put("tpm", TpmPlatform.SWTPM);
        facts.put("emulator", TpmPlatform.SWTPM);
        try (TpmPlatform tpm = emulated(in)) {
          put(facts, tpm.facts(pcrs), false);
        }
        facts.put("note", "emulated by a program of the host's: it proves nothing about the host");
      }
      case TpmDevice device -> {
        facts.put("tpm", device.device().toString());
        try (TpmPlatform tpm = device(device, in)) {
          put(facts, tpm.facts(pcrs), true);
        }
      }
      case ConfidentialVm vm -> {
        TsmReport report = reports(vm, in).report(new ReportData(NOTHING));
        facts.put("tsm", vm.folder().toString());
        facts.put("provider", report.provider());
        facts.put("report_bytes", Integer.toString(report.report().size()));
        facts.put("kind", report.kind());
      }
      case Elsewhere _ -> throw elsewhere();
    }
    return new PlatformFacts(facts);
  }

  private static EnvironmentException elsewhere() {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE,
        "this node's enclaves run elsewhere (enclave.remote in parley.yaml), and so does what vouches"
            + " for them; ask there");
  }

  private static void put(Map<String, String> facts, TpmFacts tpm, boolean lasting) {
    facts.put("maker", tpm.maker());
    facts.put("issuer", tpm.issuer());
    Digest root = tpm.root();
    facts.put(
        PlatformFacts.ROOT,
        root == null
            ? "not known here; put the issuers' certificates into a folder"
            : root.toString());
    if (lasting) {
      facts.put("attestation_key", tpm.attestationKey().toString());
    }
    tpm.pcrs().forEach((index, value) -> facts.put("pcr_" + index, value.hex()));
  }

  private static TsmReports reports(ConfidentialVm vm, Surroundings in) {
    return new TsmReports(vm.folder(), in.random(), Thread::sleep);
  }

  static TpmPlatform emulated(Surroundings in) {
    return TpmPlatform.swtpm(in.state().resolve("swtpm-ca"), in.temporary(), in.uid(), in.random());
  }

  static TpmPlatform device(TpmDevice config, Surroundings in) {
    return TpmPlatform.device(
        config.device(),
        in.state().resolve("tpm-events.log"),
        PublishedFiles.certificates(config.certificates()),
        () -> PublishedFiles.collateral(config.collateral()),
        in.random());
  }
}
