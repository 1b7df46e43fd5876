package io.parley.peer.platform.kinds;

import com.google.protobuf.ByteString;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.ReportData;
import io.parley.evidence.tsm.SnpCertificateTable;
import io.parley.evidence.tsm.TsmReport;
import io.parley.evidence.tsm.TsmReports;
import io.parley.peer.config.PlatformConfig.ConfidentialVm;
import io.parley.peer.platform.Credentials;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.peer.platform.Platform;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * A confidential VM that this node runs in: the processor reports what was booted, over a launch
 * statement of this node's. So the report vouches for the VM, and the VM's node, which is part of
 * what was booted, for shim and isolation.
 *
 * <p>Files of certificates and collateral are read for each report, so that a party can keep them
 * up to date while the node runs. Thread-safe.
 */
final class TsmPlatform implements Platform {
  private static final String SEV_SNP = "sev-snp";

  private final ConfidentialVm config;
  private final TsmReports reports;

  TsmPlatform(ConfidentialVm config, TsmReports reports) {
    this.config = config;
    this.reports = reports;
  }

  @Override
  public String kind() {
    return config.kind();
  }

  @Override
  public boolean measuresApps() {
    return false;
  }

  @Override
  public Launch measure(Measurement what) {
    return new Launch() {
      @Override
      public ByteString attest(ReportData reportData, Credentials credentials) {
        return document(new LaunchStatement(reportData, what.shim(), what.isolation())).encode();
      }

      @Override
      public void close() {}
    };
  }

  private HardwareDocument document(LaunchStatement launch) {
    TsmReport report = report(launch);
    List<ByteString> certificates = new ArrayList<>();
    List<ByteString> collateral = new ArrayList<>();
    if (config.kind().equals(SEV_SNP)) {
      SnpCertificateTable table = SnpCertificateTable.parse(report.auxiliary());
      certificates.addAll(table.certificates());
      collateral.addAll(table.lists());
    }
    certificates.addAll(PublishedFiles.certificates(config.certificates()));
    collateral.addAll(PublishedFiles.collateral(config.collateral()));
    return new HardwareDocument(launch, report.report(), certificates, collateral);
  }

  private TsmReport report(LaunchStatement launch) {
    TsmReport report = reports.report(new ReportData(launch.platformData()));
    String kind = report.kind();
    if (!kind.equals(config.kind())) {
      throw new EnvironmentException(
          Reason.PLATFORM_UNAVAILABLE,
          "parley.yaml says evidence %s; this machine's reports are of kind %s (%s)"
              .formatted(config.kind(), kind, report.provider()),
          Map.of("expected", config.kind(), "seen", kind));
    }
    return report;
  }

  @Override
  public void close() {}
}
