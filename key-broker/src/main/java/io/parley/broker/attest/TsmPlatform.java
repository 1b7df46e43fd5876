package io.parley.broker.attest;

import com.google.protobuf.ByteString;
import io.parley.broker.config.OwnEvidence;
import io.parley.broker.evidence.collateral.VendorFile;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.tsm.SnpCertificateTable;
import io.parley.evidence.tsm.TsmReport;
import io.parley.evidence.tsm.TsmReports;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The confidential VM that the broker runs in vouches for it. */
public final class TsmPlatform implements OwnPlatform {
  private final OwnEvidence.Tsm config;
  private final TsmReports reports;

  public TsmPlatform(OwnEvidence.Tsm config, TsmReports reports) {
    this.config = config;
    this.reports = reports;
  }

  @Override
  public BrokerEvidence about(BrokerStatement statement) {
    TsmReport report = reports.report(statement.reportData());
    if (!report.kind().equals(config.kind())) {
      throw new EnvironmentException(
          Reason.SANDBOX_UNAVAILABLE,
          "this machine makes '%s' evidence; broker.yaml says own_evidence.kind: %s"
              .formatted(report.kind(), config.kind()),
          Map.of("expected", config.kind(), "seen", report.kind()));
    }
    SnpCertificateTable table = SnpCertificateTable.parse(report.auxiliary());
    List<ByteString> certificates = new ArrayList<>(table.certificates());
    certificates.addAll(blocks(config.certificates()));
    List<ByteString> collateral = new ArrayList<>(table.lists());
    collateral.addAll(blocks(config.collateral()));
    return new BrokerEvidence(
        config.kind(), statement.encode(), report.report(), certificates, collateral);
  }

  private static List<ByteString> blocks(List<Path> files) {
    List<ByteString> blocks = new ArrayList<>();
    for (Path file : files) {
      try {
        blocks.addAll(VendorFile.blocks(file));
      } catch (IOException e) {
        throw new EnvironmentException(
            Reason.IO_FAILED,
            "cannot read %s, which broker.yaml names under own_evidence: %s".formatted(file, e),
            Map.of("file", file.toString()),
            e);
      }
    }
    return blocks;
  }
}
