package io.parley.evidence.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import io.parley.evidence.tsm.FakeTsmFolder.Machine;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TsmReportsTest {
  private static final ByteString REPORT = ByteString.copyFromUtf8("a report");
  private static final ByteString TABLE = ByteString.copyFromUtf8("a table");

  @TempDir Path temp;
  private Path folder;
  private TsmReports reports;

  @BeforeEach
  void folders() throws IOException {
    folder = Files.createDirectory(temp.resolve("report"));
    reports = new TsmReports(folder, new SecureRandom(), time -> Thread.sleep(time.dividedBy(5)));
  }

  private FakeTsmFolder serve(String provider, Machine machine) {
    return new FakeTsmFolder(folder, temp, provider, machine);
  }

  private static ReportData data(int value) {
    byte[] bytes = new byte[ReportData.SIZE_BYTES];
    java.util.Arrays.fill(bytes, (byte) value);
    return new ReportData(ByteString.copyFrom(bytes));
  }

  private void leavesNothing() throws IOException {
    try (Stream<Path> left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  void aReportOverTheseBytes() throws IOException {
    try (FakeTsmFolder kernel = serve("sev_guest", asked -> Answer.of(REPORT, TABLE))) {
      TsmReport report = reports.report(data(7));
      assertThat(report).isEqualTo(new TsmReport("sev_guest", REPORT, TABLE));
      assertThat(report.kind()).isEqualTo("sev-snp");
      assertThat(kernel.questions()).containsExactly(data(7).value());
    }
    leavesNothing();
  }

  @Test
  void aQuoteHasNoTable() {
    try (FakeTsmFolder kernel = serve("tdx_guest", asked -> Answer.of(REPORT, ByteString.EMPTY))) {
      assertThat(reports.report(data(1)).kind()).isEqualTo("tdx");
      assertThat(reports.report(data(1)).auxiliary()).isEmpty();
      assertThat(kernel.questions()).hasSize(2);
    }
  }

  @Test
  void whereSomebodyElseWroteItAsksAgain() throws IOException {
    AtomicInteger asked = new AtomicInteger();
    try (FakeTsmFolder kernel =
        serve(
            "sev_guest", data -> new Answer(REPORT, TABLE, asked.incrementAndGet() < 3 ? 2 : 1))) {
      assertThat(reports.report(data(7)).report()).isEqualTo(REPORT);
      assertThat(kernel.questions()).hasSize(3);
    }
    leavesNothing();
  }

  @Test
  void whereSomebodyElseAlwaysWritesThereIsNone() throws IOException {
    try (FakeTsmFolder kernel = serve("sev_guest", data -> new Answer(REPORT, TABLE, 2))) {
      refused(Reason.IO_FAILED, "generation 2, expected 1");
      assertThat(kernel.questions()).isNotEmpty();
    }
    leavesNothing();
  }

  @Test
  void anEmptyOrAHugeReportIsNone() throws IOException {
    try (FakeTsmFolder kernel =
        serve("sev_guest", data -> Answer.of(ByteString.EMPTY, ByteString.EMPTY))) {
      refused(Reason.IO_FAILED, "empty report");
      assertThat(kernel.questions()).isNotEmpty();
    }
    ByteString huge = ByteString.copyFrom(new byte[TsmReports.REPORT_BYTES_MAX + 1]);
    try (FakeTsmFolder kernel = serve("sev_guest", data -> Answer.of(huge, ByteString.EMPTY))) {
      refused(Reason.IO_FAILED, "more than");
      assertThat(kernel.questions()).isNotEmpty();
    }
    leavesNothing();
  }

  @Test
  void aMachineThatNeverAnswersIsGivenUp() throws IOException {
    refused(Reason.IO_FAILED, "does not count");
    leavesNothing();
  }

  @Test
  void aMachineOfAnotherKindSaysWhich() {
    try (FakeTsmFolder kernel = serve("arm_cca_guest", data -> Answer.of(REPORT, TABLE))) {
      TsmReport report = reports.report(data(7));
      assertThatThrownBy(report::kind)
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("arm_cca_guest");
      assertThat(kernel.questions()).hasSize(1);
    }
  }

  @Test
  void aMachineWithoutTheFolderSaysWhatIsMissing() throws IOException {
    Files.delete(folder);
    refused(Reason.SANDBOX_UNAVAILABLE, "configfs is not mounted");
  }

  private void refused(Reason reason, String message) {
    assertThatThrownBy(() -> reports.report(data(7)))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(message);
  }
}
