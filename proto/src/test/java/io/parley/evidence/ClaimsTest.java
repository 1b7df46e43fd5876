package io.parley.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.proto.enclave.v1.TestResult;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ClaimsTest {
  static final String JOB_ID = "00112233445566778899aabbccddeeff";
  static final Claims CLAIMS = claims(Digest.of(new byte[] {3}));

  static Claims claims(@Nullable Digest app) {
    return new Claims(
        bytes(32, 1),
        new HpkePublicKey(HpkeSuite.X25519, bytes(32, 2)),
        bytes(32, 3),
        Digest.of(new byte[] {1}),
        "hospital",
        JOB_ID,
        Digest.of(new byte[] {2}),
        app,
        new TreeMap<>(Map.of("network", "denied", "memory_cap", "268435456")));
  }

  @Test
  void claims_comeBackFromTheirBytes() {
    assertThat(Claims.parse(CLAIMS.encode())).isEqualTo(CLAIMS);
  }

  @Test
  void claimsWithoutAnApp_comeBackWithoutAnApp() {
    assertThat(Claims.parse(claims(null).encode()).app()).isNull();
  }

  @Test
  void tests_areEncodedInTheOrderOfTheirNames() throws Exception {
    var message = io.parley.proto.enclave.v1.Claims.parseFrom(CLAIMS.encode());

    assertThat(message.getTestsList().stream().map(TestResult::getName))
        .containsExactly("memory_cap", "network");
  }

  @Test
  void changingAnyClaim_changesTheReportData() {
    List<UnaryOperator<Claims>> changes =
        List.of(
            c -> with(c, bytes(32, 9), c.signingKey(), c.party(), c.jobId(), c.app(), c.tests()),
            c -> with(c, c.nonce(), bytes(32, 9), c.party(), c.jobId(), c.app(), c.tests()),
            c -> with(c, c.nonce(), c.signingKey(), "insurer", c.jobId(), c.app(), c.tests()),
            c ->
                with(
                    c,
                    c.nonce(),
                    c.signingKey(),
                    c.party(),
                    JOB_ID.replace('0', '1'),
                    c.app(),
                    c.tests()),
            c -> with(c, c.nonce(), c.signingKey(), c.party(), c.jobId(), null, c.tests()),
            c ->
                with(c, c.nonce(), c.signingKey(), c.party(), c.jobId(), c.app(), new TreeMap<>()));
    Set<ReportData> seen = new HashSet<>(Set.of(ReportData.of(CLAIMS.encode())));
    for (UnaryOperator<Claims> change : changes) {
      assertThat(seen.add(ReportData.of(change.apply(CLAIMS).encode()))).isTrue();
    }
  }

  @Test
  void flippedByte_neverGivesTheSameClaims() {
    byte[] bytes = CLAIMS.encode().toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] ^= 1;
      try {
        assertThat(Claims.parse(ByteString.copyFrom(bytes))).isNotEqualTo(CLAIMS);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
      bytes[i] ^= 1;
    }
  }

  @Test
  void everyCut_isRefusedOrMeansSomethingElse() {
    ByteString whole = CLAIMS.encode();
    for (int length = 0; length < whole.size(); length++) {
      ByteString part = whole.substring(0, length);
      try {
        // A cut between two tests is well formed, and other claims.
        assertThat(Claims.parse(part)).isNotEqualTo(CLAIMS);
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  @Test
  void extraByte_isRefused() {
    assertRefused(CLAIMS.encode().concat(bytes(1, 0)), "claims");
  }

  @Test
  void testsOutOfOrder_areRefused() {
    assertRefused(
        CLAIMS.encode().concat(test("a", "denied")), "not in the order of their names, each once");
  }

  @Test
  void testReportedTwice_isRefused() {
    assertRefused(
        CLAIMS.encode().concat(test("network", "allowed")),
        "not in the order of their names, each once");
  }

  @Test
  void tooManyTests_areRefused() {
    SortedMap<String, String> many = new TreeMap<>();
    IntStream.range(0, 65).forEach(i -> many.put("t" + i, "x"));

    assertThatThrownBy(() ->
            with(
                CLAIMS,
                CLAIMS.nonce(),
                CLAIMS.signingKey(),
                CLAIMS.party(),
                CLAIMS.jobId(),
                null,
                many))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("at most 64");
  }

  @Test
  void nonceOfAnotherLength_isRefused() throws Exception {
    var message = io.parley.proto.enclave.v1.Claims.parseFrom(CLAIMS.encode());

    assertRefused(message.toBuilder().setNonce(bytes(31, 1)).build().toByteString(), "nonce");
    assertRefused(message.toBuilder().clearNonce().build().toByteString(), "nonce");
  }

  @Test
  void digestOfAnotherLength_isRefusedAsEvidence() throws Exception {
    var message = io.parley.proto.enclave.v1.Claims.parseFrom(CLAIMS.encode());

    assertRefused(message.toBuilder().setAppSha256(bytes(31, 1)).build().toByteString(), "digest");
    assertRefused(message.toBuilder().clearJobSha256().build().toByteString(), "digest");
    assertRefused(message.toBuilder().clearAgreementSha256().build().toByteString(), "digest");
  }

  @Test
  void missingReceiveKey_isRefused() throws Exception {
    var message = io.parley.proto.enclave.v1.Claims.parseFrom(CLAIMS.encode());

    assertRefused(message.toBuilder().clearReceiveKey().build().toByteString(), "suite");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "Hospital", "-a", "a b", "a/../b", "a\n", "härter", "a\u0000"})
  void strangePartyNames_areRefused(String party) {
    assertThatThrownBy(() ->
            with(
                CLAIMS,
                CLAIMS.nonce(),
                CLAIMS.signingKey(),
                party,
                CLAIMS.jobId(),
                null,
                CLAIMS.tests()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("party");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "00", "00112233445566778899AABBCCDDEEFF", JOB_ID + "0"})
  void strangeJobIds_areRefused(String jobId) {
    assertThatThrownBy(() ->
            with(
                CLAIMS,
                CLAIMS.nonce(),
                CLAIMS.signingKey(),
                CLAIMS.party(),
                jobId,
                null,
                CLAIMS.tests()))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("job_id");
  }

  @Test
  void testOutcomeWithControlCharacters_isRefused() {
    assertThatThrownBy(() ->
            with(
                CLAIMS,
                CLAIMS.nonce(),
                CLAIMS.signingKey(),
                CLAIMS.party(),
                CLAIMS.jobId(),
                null,
                new TreeMap<>(Map.of("network", "denied\nmore"))))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("outcome");
  }

  @Test
  void tests_cannotBeChangedAfterwards() {
    assertThatThrownBy(() -> CLAIMS.tests().put("network", "allowed"))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void tooLongClaims_areRefusedBeforeTheyAreParsed() {
    assertRefused(bytes(Claims.MAX_SIZE_BYTES + 1, 0), "at most 65536");
  }

  static ByteString bytes(int size, int value) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }

  private static ByteString test(String name, String outcome) {
    return io.parley.proto.enclave.v1.Claims.newBuilder()
        .addTests(TestResult.newBuilder().setName(name).setOutcome(outcome))
        .build()
        .toByteString();
  }

  private static Claims with(
      Claims c,
      ByteString nonce,
      ByteString signingKey,
      String party,
      String jobId,
      @Nullable Digest app,
      SortedMap<String, String> tests) {
    return new Claims(
        nonce, c.receiveKey(), signingKey, c.agreement(), party, jobId, c.job(), app, tests);
  }

  private static void assertRefused(ByteString bytes, String message) {
    assertThatThrownBy(() -> Claims.parse(bytes))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE))
        .hasMessageContaining(message);
  }
}
