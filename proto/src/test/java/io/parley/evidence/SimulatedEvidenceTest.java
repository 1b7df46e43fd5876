package io.parley.evidence;

import static io.parley.evidence.ClaimsTest.bytes;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.proto.enclave.v1.SimulatedDocument;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SimulatedEvidenceTest {
  private static final ReportData REPORT_DATA = ReportData.of(ClaimsTest.CLAIMS.encode());
  private static final Digest SHIM = Digest.of(new byte[] {4});

  @AutoClose private final SigningKey platform = SigningKey.generate(new SecureRandom());
  @AutoClose private final SigningKey other = SigningKey.generate(new SecureRandom());

  private final ByteString document =
      SimulatedEvidence.sign(platform::sign, REPORT_DATA, SHIM, "bwrap");

  @Test
  void document_saysWhatWasSigned() {
    SimulatedEvidence parsed = SimulatedEvidence.parse(document);

    assertThat(parsed.reportData()).isEqualTo(REPORT_DATA);
    assertThat(parsed.shim()).isEqualTo(SHIM);
    assertThat(parsed.isolation()).isEqualTo("bwrap");
    assertThat(parsed.isSignedBy(platform.verifyingKey()::verify)).isTrue();
  }

  @Test
  void anotherPlatformsKey_didNotSign() {
    assertThat(SimulatedEvidence.parse(document).isSignedBy(other.verifyingKey()::verify))
        .isFalse();
  }

  @Test
  void signatureMadeUnderAnotherLabel_isNotOne() throws Exception {
    SimulatedDocument message = SimulatedDocument.parseFrom(document);
    ByteString forged =
        message.toBuilder()
            .setSignature(platform.sign("parley/v1/grant", message.getStatement()))
            .build()
            .toByteString();

    assertThat(SimulatedEvidence.parse(forged).isSignedBy(platform.verifyingKey()::verify))
        .isFalse();
  }

  @Test
  void flippedByte_isRefusedOrNotSigned() {
    byte[] bytes = document.toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      for (int bit : new int[] {1, 0x80}) {
        bytes[i] ^= (byte) bit;
        try {
          assertThat(
                  SimulatedEvidence.parse(ByteString.copyFrom(bytes))
                      .isSignedBy(platform.verifyingKey()::verify))
              .isFalse();
        } catch (RefusedException e) {
          assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
        }
        bytes[i] ^= (byte) bit;
      }
    }
  }

  @Test
  void everyCut_isRefused() {
    for (int length = 0; length < document.size(); length++) {
      ByteString part = document.substring(0, length);
      assertThatThrownBy(() -> SimulatedEvidence.parse(part)).isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void extraBytes_areRefused() {
    assertThatThrownBy(() -> SimulatedEvidence.parse(document.concat(bytes(1, 0))))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> SimulatedEvidence.parse(document.concat(document)))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void statementWithAnUnknownField_isRefusedEvenWhenSigned() throws Exception {
    ByteString statement =
        SimulatedDocument.parseFrom(document)
            .getStatement()
            .concat(ByteString.copyFrom(new byte[] {0x78, 1}));
    ByteString forged =
        SimulatedDocument.newBuilder()
            .setStatement(statement)
            .setSignature(platform.sign(SimulatedEvidence.LABEL, statement))
            .build()
            .toByteString();

    assertThatThrownBy(() -> SimulatedEvidence.parse(forged))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("unknown field 15");
  }

  @Test
  void oversizeDocument_isRefused() {
    assertThatThrownBy(() -> SimulatedEvidence.parse(bytes(5000, 0)))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("at most");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "none of it", "BWRAP"})
  void strangeIsolation_isNotSigned(String isolation) {
    assertThatThrownBy(() -> SimulatedEvidence.sign(platform::sign, REPORT_DATA, SHIM, isolation))
        .isInstanceOf(RefusedException.class);
  }
}
