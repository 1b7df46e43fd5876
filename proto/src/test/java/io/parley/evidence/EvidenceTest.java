package io.parley.evidence;

import static io.parley.evidence.ClaimsTest.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EvidenceTest {
  private static final Evidence EVIDENCE =
      new Evidence(Evidence.SIMULATED, ClaimsTest.CLAIMS.encode(), bytes(10, 7));

  @Test
  void evidence_comesBackFromItsBytes() {
    assertThat(Evidence.parse(EVIDENCE.encode())).isEqualTo(EVIDENCE);
    assertThat(Evidence.fromMessage(EVIDENCE.toMessage())).isEqualTo(EVIDENCE);
  }

  @Test
  void digest_isOverTheExactBytes() {
    assertThat(EVIDENCE.digest()).isEqualTo(Digest.of(EVIDENCE.encode()));
  }

  @Test
  void digest_differsInEveryField() {
    assertThat(
            Set.of(
                EVIDENCE.digest(),
                new Evidence("tpm2", EVIDENCE.claims(), EVIDENCE.document()).digest(),
                new Evidence(EVIDENCE.kind(), bytes(3, 1), EVIDENCE.document()).digest(),
                new Evidence(EVIDENCE.kind(), EVIDENCE.claims(), bytes(10, 8)).digest()))
        .hasSize(4);
  }

  @Test
  void reportData_isSha512OverLabelZeroAndClaims() throws Exception {
    MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
    sha512.update("parley/v1/report-data\0".getBytes(StandardCharsets.US_ASCII));

    assertThat(EVIDENCE.reportData().value().toByteArray())
        .hasSize(64)
        .isEqualTo(sha512.digest(EVIDENCE.claims().toByteArray()));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 32, 63, 65})
  void reportDataOfAnotherLength_isRefusedAndNotPadded(int size) {
    assertThatThrownBy(() -> new ReportData(bytes(size, 0)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("expected 64");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Simulated", "sev snp", "a\n", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"})
  void strangeKinds_areRefused(String kind) {
    assertThatThrownBy(() -> new Evidence(kind, bytes(1, 1), bytes(1, 1)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("kind");
  }

  @Test
  void missingParts_areRefused() {
    assertThatThrownBy(() -> new Evidence("tdx", ByteString.EMPTY, bytes(1, 1)))
        .hasMessageContaining("claims");
    assertThatThrownBy(() -> new Evidence("tdx", bytes(1, 1), ByteString.EMPTY))
        .hasMessageContaining("document");
  }

  @Test
  void oversizeParts_areRefused() {
    assertThatThrownBy(() -> new Evidence("tdx", bytes(Claims.MAX_SIZE_BYTES + 1, 1), bytes(1, 1)))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(
            () -> new Evidence("tdx", bytes(1, 1), bytes(Evidence.MAX_DOCUMENT_BYTES + 1, 1)))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void unknownFieldFromGrpc_isRefused() {
    var strange =
        EVIDENCE.toMessage().toBuilder()
            .setUnknownFields(
                UnknownFieldSet.newBuilder()
                    .addField(4, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
                    .build())
            .build();

    assertThatThrownBy(() -> Evidence.fromMessage(strange))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE))
        .hasMessageContaining("unknown field 4");
  }

  @Test
  void everyCut_isRefused() {
    ByteString whole = EVIDENCE.encode();
    for (int length = 0; length < whole.size(); length++) {
      ByteString part = whole.substring(0, length);
      assertThatThrownBy(() -> Evidence.parse(part)).isInstanceOf(RefusedException.class);
    }
  }
}
