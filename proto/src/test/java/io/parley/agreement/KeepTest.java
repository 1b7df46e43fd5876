package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** For how long results may be kept, from text to bytes and back. */
class KeepTest {
  private static final Samples SAMPLES = new Samples();
  private static final String TEXT =
      """
      agreement: claims-by-ward
      parties: [insurer, hospital]
      app: sql
      datasets:
        admissions: {owner: hospital, columns: {patient: BIGINT}, released_to: [insurer]}
      compute: [insurer]
      results:
        summary: {recipients: [hospital], max_rows: 10, keep: none}
        detail: {recipients: [hospital], max_rows: 10, keep: 720h}
        rest: {recipients: [hospital], max_rows: 10}
      environment: {evidence: [simulated], tests: strict}
      params: {query: {value: SELECT 1}}
      changes: unanimous
      expires: 2027-06-30
      max_jobs: 100
      """;

  private static Agreement read(String text) {
    return AgreementYaml.parse(text, "agreement.yaml")
        .resolve(SAMPLES.membership(), name -> Samples.APP, () -> Samples.SHIM);
  }

  private static void assertRefused(String text, String... messages) {
    assertThatThrownBy(() -> AgreementYaml.parse(text, "agreement.yaml"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(messages);
  }

  @Test
  void textAndBytesComeBackTheSame() {
    Agreement agreement = read(TEXT);
    assertThat(agreement.result("summary").keep()).isEqualTo(Keep.UNTIL_READ);
    assertThat(agreement.result("detail").keep()).isEqualTo(new Keep.AtMost(Duration.ofDays(30)));
    assertThat(agreement.result("rest").keep()).isEqualTo(Keep.AS_NODE);
    assertThat(AgreementYaml.write(agreement)).contains("    keep: none\n", "    keep: 30d\n");
    assertThat(read(AgreementYaml.write(agreement))).isEqualTo(agreement);
    assertThat(AgreementCodec.decode(AgreementCodec.encode(agreement))).isEqualTo(agreement);
  }

  @Test
  void everyOtherTimeIsAnotherAgreement() {
    assertThat(
            Stream.of("", ", keep: none", ", keep: 29d", ", keep: 30d")
                .map(keep -> AgreementCodec.digest(read(TEXT.replace(", keep: 720h", keep)))))
        .doesNotHaveDuplicates();
  }

  @Test
  void noticesSayIt() {
    assertThat(ResultNotices.of(read(TEXT), "summary"))
        .containsExactly(
            "'summary' is handed out once: your node deletes it when it has been read.");
    assertThat(ResultNotices.of(read(TEXT), "detail"))
        .containsExactly("Nodes delete 'detail' after 30d.");
    assertThat(ResultNotices.of(read(TEXT), "rest")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "forever|results.detail.keep: 'forever' is neither none nor a length of time; expected none, or a number and s, m, h or d, such as 30d",
        "P30D|results.detail.keep: 'P30D' is neither none nor a length",
        "0d|results.detail.keep: '0d' is neither none nor a length",
        "59s|results.detail.keep: keep is 59s; expected none, or 1m to 3660d",
        "3661d|results.detail.keep: keep is 3661d; expected none, or 1m to 3660d",
        "[none]|results.detail.keep",
        "|results.detail.keep",
      })
  void refusesWhatIsNoTime(String keep, String message) {
    assertRefused(TEXT.replace("keep: 720h", "keep: " + (keep == null ? "" : keep)), message);
  }

  @Test
  void isForResultsOnly() {
    String message = "'keep' is for results: it stands in results.NAME.";
    assertRefused(TEXT + "keep: none\n", "agreement.yaml:16:1: keep: " + message);
    assertRefused(
        TEXT.replace("released_to", "keep: none, released_to"),
        "datasets.admissions.keep: " + message);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 59, 316224001, Long.MAX_VALUE, -1})
  void bytesOfNoTimeAreRefused(long seconds) throws InvalidProtocolBufferException {
    var message =
        io.parley.proto.agreement.v1.Agreement.parseFrom(AgreementCodec.encode(read(TEXT)))
            .toBuilder();
    message.getResultsBuilder(0).setKeepSeconds(seconds);
    ByteString bytes = message.build().toByteString();
    assertThatThrownBy(() -> AgreementCodec.decode(bytes))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContaining("keep is");
  }
}
