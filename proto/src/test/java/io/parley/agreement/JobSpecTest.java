package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class JobSpecTest {
  private static final Samples SAMPLES = new Samples();
  private static final Agreement AGREEMENT = SAMPLES.agreement();
  private final JobSpec job = SAMPLES.job();

  @Test
  void givesBackWhatWentIn() {
    assertThat(JobSpec.decode(job.encode())).isEqualTo(job);
    assertThat(job.digest()).isEqualTo(Digest.of(job.encode()));
  }

  @Test
  void bytesDoNotDependOnTheOrderOfParameters() {
    Map<String, String> a = new HashMap<>();
    for (int i = 0; i < 100; i++) {
      a.put("p" + i, "v");
    }
    ByteString bytes = SAMPLES.job(a).encode();
    assertThat(JobSpec.decode(bytes).encode()).isEqualTo(bytes);
  }

  @Test
  void everyCutAndFlipIsRefusedOrAnotherJob() {
    byte[] bytes = job.encode().toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= 4;
      refusedOrOther(ByteString.copyFrom(bytes));
      bytes[i] ^= 4;
      refusedOrOther(ByteString.copyFrom(bytes, 0, i));
    }
  }

  private void refusedOrOther(ByteString mutated) {
    JobSpec decoded;
    try {
      decoded = JobSpec.decode(mutated);
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_REQUEST);
      return;
    }
    assertThat(decoded).isNotEqualTo(job);
    assertThat(decoded.digest()).isNotEqualTo(job.digest());
  }

  @Test
  void newIdsAreIds() {
    String id = JobSpec.newJobId(Samples.NOW, new SecureRandom());
    assertThat(JobSpec.isJobId(id)).isTrue();
    assertThat(id).isNotEqualTo(JobSpec.newJobId(Samples.NOW, new SecureRandom()));
  }

  /** The time of RFC 9562, appendix A.6. */
  @Test
  void anIdIsAUuidOfVersion7() {
    String id = JobSpec.newJobId(Instant.ofEpochMilli(0x017F22E279B0L), new SecureRandom());
    assertThat(id).matches("017f22e279b07[0-9a-f]{3}[89ab][0-9a-f]{15}");
    assertThat(JobSpec.newJobId(Samples.NOW, new SecureRandom()))
        .as("in the order of time")
        .isLessThan(JobSpec.newJobId(Samples.NOW.plusMillis(1), new SecureRandom()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "abc", "00112233445566778899AABBCCDDEEFF", "../../../../../../etc/passwd0000"})
  void refusesBadIds(String id) {
    assertThatThrownBy(() -> new JobSpec(id, Samples.APP, "hospital", Samples.NOW, Map.of()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_REQUEST))
        .hasMessageContaining("job_id");
  }

  @Test
  void isOfOneAgreementOnly() {
    job.check(SignedAgreement.unsigned(AGREEMENT));
    JobSpec other =
        new JobSpec(job.jobId(), Samples.APP, "hospital", Samples.NOW, job.parameters());
    assertThatThrownBy(() -> other.check(SignedAgreement.unsigned(AGREEMENT)))
        .hasMessageContaining("job is for agreement " + Samples.APP);
  }

  @Test
  void onlyPartiesSubmit() {
    JobSpec foreign =
        new JobSpec(job.jobId(), job.agreement(), "bank", Samples.NOW, job.parameters());
    assertThatThrownBy(() -> foreign.check(AGREEMENT))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_A_PARTY));
  }

  @Test
  void joinsFixedAndFreeParameters() {
    assertThat(job.allParameters(AGREEMENT))
        .containsEntry("since", "2026-01-31")
        .containsEntry("query", "SELECT ward, count(*) FROM admissions GROUP BY ward")
        .hasSize(2);
  }

  @Test
  void tellsAllProblemsOfParametersAtOnceAndNoValue() {
    JobSpec bad = SAMPLES.job(Map.of("query", "DROP TABLE secret-value", "sincee", "2026-01-01"));
    assertThatThrownBy(() -> bad.check(AGREEMENT))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_PARAMETER))
        .hasMessageContaining("query: is fixed by the agreement; leave it out")
        .hasMessageContaining("since: is missing; set it to a value of DATE")
        .hasMessageContaining("sincee: is no parameter of this agreement; did you mean 'since'?")
        .hasMessageNotContaining("secret-value");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOLEAN|true",
        "BOOLEAN|false",
        "TINYINT|-128",
        "TINYINT|127",
        "SMALLINT|32767",
        "INTEGER|-2147483648",
        "BIGINT|9223372036854775807",
        "BIGINT|-9223372036854775808",
        "FLOAT|1.5",
        "FLOAT|-3e38",
        "DOUBLE|1e308",
        "DOUBLE|0",
        "DECIMAL(5,2)|999.99",
        "DECIMAL(5,2)|-1",
        "DECIMAL(5,2)|1.500",
        "DECIMAL(2,2)|0.12",
        "DECIMAL(38,0)|99999999999999999999999999999999999999",
        "DECIMAL(5,2)|0.00",
        "DECIMAL(3,0)|100",
        "VARCHAR|it's; -- anything",
        "DATE|2024-02-29",
        "TIMESTAMP|2026-01-31T23:59:59",
        "TIMESTAMP|2026-01-31 00:00:00.123456"
      })
  void takesValuesOfTheirType(String type, String value) {
    assertThat(ParameterText.problem(ColumnType.parse(type), value)).isNull();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "BOOLEAN|TRUE",
        "BOOLEAN|1",
        "TINYINT|128",
        "TINYINT|-129",
        "SMALLINT|32768",
        "INTEGER|2147483648",
        "INTEGER|1.0",
        "INTEGER|+1",
        "INTEGER|' 1'",
        "INTEGER|0x10",
        "INTEGER|''",
        "INTEGER|١٢",
        "BIGINT|9223372036854775808",
        "BIGINT|99999999999999999999",
        "FLOAT|1e39",
        "FLOAT|NaN",
        "DOUBLE|Infinity",
        "DOUBLE|1e309",
        "DOUBLE|1d",
        "DOUBLE|0x1p3",
        "DOUBLE|1e99999999",
        "DECIMAL(5,2)|1000",
        "DECIMAL(5,2)|0.001",
        "DECIMAL(5,2)|1e2",
        "DECIMAL(5,2)|.5",
        "DECIMAL(2,2)|1.00",
        "DATE|2026-02-29",
        "DATE|2026-1-1",
        "DATE|0000-01-01",
        "DATE|2026-01-01T00:00:00",
        "DATE|31.01.2026",
        "TIMESTAMP|2026-01-31",
        "TIMESTAMP|2026-01-31T24:00:01",
        "TIMESTAMP|2026-01-31T00:00:00Z",
        "TIMESTAMP|2026-01-31T00:00:00.1234567"
      })
  void refusesValuesOfAnotherType(String type, String value) {
    assertThat(ParameterText.problem(ColumnType.parse(type), value)).isNotNull();
  }
}
