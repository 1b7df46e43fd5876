package io.parley.evidence.tsm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.evidence.tsm.FakeTsmFolder.Answer;
import io.parley.evidence.tsm.FakeTsmFolder.Machine;
import io.parley.evidence.tsm.TsmReports.Access;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TsmReportsTest {
  private static final ByteString REPORT = ByteString.copyFromUtf8("a report");
  private static final ByteString TABLE = ByteString.copyFromUtf8("a table");

  private static final Duration SHORT = Duration.ofMillis(100);

  @TempDir Path temp;
  private final List<Duration> pauses = new ArrayList<>();
  private Path folder;
  private TsmReports reports;

  @BeforeEach
  void folders() throws IOException {
    folder = Files.createDirectory(temp.resolve("report"));
    reports = reports(new TsmReports.Plain());
  }

  private TsmReports reports(Access access) {
    return new TsmReports(folder, new SecureRandom(), this::pause, access);
  }

  private void pause(Duration time) throws InterruptedException {
    pauses.add(time);
    Thread.sleep(time.compareTo(SHORT) < 0 ? time.dividedBy(5) : time.dividedBy(100));
  }

  /** The pauses between tries, not the looks at a folder in the making. */
  private List<Duration> waits() {
    return pauses.stream().filter(time -> time.compareTo(SHORT) >= 0).toList();
  }

  /** The files of a question as they are, but for what goes wrong where the kernel says so. */
  private static final class Faulty implements Access {
    private final Access files = new TsmReports.Plain();
    private final String name;
    private final Fault fault;

    Faulty(String name, Fault fault) {
      this.name = name;
      this.fault = fault;
    }

    @Override
    public void write(Path file, byte[] bytes) throws IOException {
      if (file.endsWith(name)) {
        fault.happen(file);
      }
      files.write(file, bytes);
    }

    @Override
    public InputStream read(Path file) throws IOException {
      InputStream in = files.read(file);
      if (!file.endsWith(name)) {
        return in;
      }
      return new FilterInputStream(in) {
        private boolean happened;

        @Override
        public int read(byte[] into, int at, int most) throws IOException {
          if (!happened) {
            happened = true;
            fault.happen(file);
          }
          // However much is asked for, the kernel may give less.
          return super.read(into, at, Math.min(most, 1));
        }
      };
    }
  }

  @FunctionalInterface
  private interface Fault {
    void happen(Path file) throws IOException;
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
  void whoWritesWhileItIsReadIsSeenToo() throws IOException {
    AtomicInteger reads = new AtomicInteger();
    reports =
        reports(
            new Faulty(
                "outblob",
                file -> {
                  if (reads.incrementAndGet() == 1) {
                    Files.writeString(file.resolveSibling("generation"), "2\n");
                  }
                }));
    try (FakeTsmFolder kernel = serve("sev_guest", data -> Answer.of(REPORT, TABLE))) {
      assertThat(reports.report(data(7)).report()).isEqualTo(REPORT);
      assertThat(kernel.questions()).hasSize(2);
    }
    leavesNothing();
  }

  /** EBUSY, EINTR and EAGAIN: a quote before this one is still in the making, or a signal came. */
  @ParameterizedTest
  @CsvSource({
    "inblob,Device or resource busy",
    "outblob,Device or resource busy",
    "outblob,Interrupted system call",
    "outblob,Resource temporarily unavailable",
    "auxblob,Device or resource busy",
    "generation,Device or resource busy",
  })
  void aBusyMachineIsAskedAgainAfterAWhile(String name, String error) throws IOException {
    AtomicInteger failed = new AtomicInteger();
    Set<Path> folders = new HashSet<>();
    reports =
        reports(
            new Faulty(
                name,
                file -> {
                  if (failed.incrementAndGet() <= 2) {
                    folders.add(file.getParent());
                    throw new IOException(error);
                  }
                }));
    try (FakeTsmFolder kernel = serve("sev_guest", data -> Answer.of(REPORT, TABLE))) {
      assertThat(reports.report(data(7))).isEqualTo(new TsmReport("sev_guest", REPORT, TABLE));
      assertThat(kernel.questions()).containsOnly(data(7).value());
    }
    assertThat(folders).as("each try has a folder of its own").hasSize(2);
    assertThat(waits()).containsExactly(Duration.ofMillis(250), Duration.ofMillis(500));
    leavesNothing();
  }

  @Test
  void aMachineThatStaysBusyIsGivenUp() throws IOException {
    AtomicInteger failed = new AtomicInteger();
    reports =
        reports(
            new Faulty(
                "outblob",
                file -> {
                  failed.incrementAndGet();
                  throw new IOException("Device or resource busy");
                }));
    try (FakeTsmFolder kernel = serve("tdx_guest", data -> Answer.of(REPORT, ByteString.EMPTY))) {
      refused(Reason.IO_FAILED, "in 4 tries: ", "outblob: Device or resource busy");
      assertThat(kernel.questions()).hasSize(4);
    }
    assertThat(failed).hasValue(4);
    assertThat(waits())
        .as("a few seconds at most")
        .containsExactly(Duration.ofMillis(250), Duration.ofMillis(500), Duration.ofSeconds(1));
    leavesNothing();
  }

  /** EFBIG: the kernel has a report that is larger than what it gives out. */
  @ParameterizedTest
  @ValueSource(strings = {"outblob", "auxblob"})
  void aReportThatTheKernelFindsTooLargeIsNone(String name) throws IOException {
    reports =
        reports(
            new Faulty(
                name,
                file -> {
                  throw new IOException("File too large");
                }));
    try (FakeTsmFolder kernel = serve("sev_guest", data -> Answer.of(REPORT, TABLE))) {
      refused(Reason.IO_FAILED, name + ": File too large");
      assertThat(kernel.questions()).hasSizeLessThanOrEqualTo(4);
    }
    leavesNothing();
  }

  @Test
  void aReportThatComesInPiecesIsWhole() throws IOException {
    byte[] large = new byte[TsmReports.REPORT_BYTES_MAX];
    new Random(7).nextBytes(large);
    ByteString report = ByteString.copyFrom(large);
    reports = reports(new Faulty("outblob", file -> {}));
    try (FakeTsmFolder kernel = serve("tdx_guest", data -> Answer.of(report, ByteString.EMPTY))) {
      assertThat(reports.report(data(7)).report()).isEqualTo(report);
      assertThat(kernel.questions()).hasSize(1);
    }
    leavesNothing();
  }

  @Test
  void whoIsInterruptedStopsAndStaysInterrupted() throws IOException {
    Thread.currentThread().interrupt();
    refused(Reason.IO_FAILED, "interrupted");
    assertThat(Thread.interrupted()).isTrue();
    leavesNothing();
  }

  @Test
  void whoMayNotWriteThereIsAskedAboutIt() {
    reports =
        reports(
            new Faulty(
                "inblob",
                file -> {
                  throw new AccessDeniedException(file.toString());
                }));
    try (FakeTsmFolder kernel = serve("sev_guest", data -> Answer.of(REPORT, TABLE))) {
      refused(Reason.IO_FAILED, "inblob; is it writable for this user?");
      assertThat(kernel.questions()).isEmpty();
    }
    assertThat(waits()).as("asking again would not help").isEmpty();
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

  private void refused(Reason reason, String... message) {
    assertThatThrownBy(() -> reports.report(data(7)))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContainingAll(message);
  }
}
