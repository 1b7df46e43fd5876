package io.parley.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.proto.agreement.v1.HpkePublicKey;
import io.parley.proto.enclave.v1.Claims;
import io.parley.proto.enclave.v1.TestResult;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class StrictMessagesTest {
  private static final Claims CLAIMS =
      Claims.newBuilder()
          .setParty("a")
          .setJobId("b")
          .addTests(TestResult.newBuilder().setName("n").setOutcome("o"))
          .build();

  @Test
  void canonicalBytes_giveTheMessage() {
    assertThat(parse(CLAIMS.toByteString())).isEqualTo(CLAIMS);
  }

  @Test
  void emptyBytes_giveTheEmptyMessage() {
    assertThat(parse(ByteString.EMPTY)).isEqualTo(Claims.getDefaultInstance());
  }

  @Test
  void unknownField_isRefusedByNumber() {
    Claims strange = CLAIMS.toBuilder().setUnknownFields(unknown(77)).build();

    assertRefused(strange.toByteString(), "unknown field 77 in Claims");
  }

  @Test
  void unknownFieldInAListElement_isRefused() {
    Claims strange =
        CLAIMS.toBuilder()
            .addTests(TestResult.newBuilder().setName("x").setUnknownFields(unknown(9)))
            .build();

    assertRefused(strange.toByteString(), "unknown field 9 in TestResult");
  }

  @Test
  void unknownFieldInANestedMessage_isRefused() {
    Claims strange =
        CLAIMS.toBuilder()
            .setReceiveKey(HpkePublicKey.newBuilder().setUnknownFields(unknown(5)))
            .build();

    assertRefused(strange.toByteString(), "unknown field 5 in HpkePublicKey");
  }

  @Test
  void fieldsOutOfOrder_areRefused() {
    // job_id (6) before party (5).
    assertRefused(hex("320162" + "2a0161"), "canonical");
  }

  @Test
  void fieldGivenTwice_isRefused() {
    assertRefused(hex("2a0161" + "2a0162"), "canonical");
  }

  @Test
  void defaultWrittenOut_isRefused() {
    assertRefused(hex("2a00"), "canonical");
  }

  @Test
  void longVarint_isRefused() {
    // Length 1 as two bytes.
    assertRefused(hex("2a810061"), "canonical");
  }

  @Test
  void bytesThatAreNoMessage_areRefused() {
    assertRefused(hex("2aff"), "not a message");
  }

  @Test
  void everyCut_isRefusedOrGivesCanonicalBytes() {
    ByteString whole = CLAIMS.toByteString();
    for (int length = 0; length < whole.size(); length++) {
      ByteString part = whole.substring(0, length);
      try {
        assertThat(parse(part).toByteString()).isEqualTo(part);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  @Test
  void tooManyBytes_areRefusedBeforeTheyAreParsed() {
    assertRefused(ByteString.copyFrom(new byte[1001]), "at most 1000");
  }

  private static Claims parse(ByteString bytes) {
    return StrictMessages.parse(Claims.parser(), bytes, 1000, Reason.INVALID_EVIDENCE, "claims");
  }

  private static void assertRefused(ByteString bytes, String message) {
    assertThatThrownBy(() -> parse(bytes))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE))
        .hasMessageContaining(message);
  }

  private static ByteString hex(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  private static UnknownFieldSet unknown(int number) {
    return UnknownFieldSet.newBuilder()
        .addField(number, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
        .build();
  }
}
