package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.EVIDENCE;
import static io.parley.seal.SealFixtures.JOB;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.bytesOf;
import static io.parley.seal.SealFixtures.flip;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class HpkeTest {
  private static final Secret DATA_KEY = key(5);

  @ParameterizedTest
  @EnumSource
  void sealedKey_opensForItsOwner(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM)) {
      Binding binding = grant(pair).dataset("claims", 1);

      SealedKey sealed = Hpke.seal("hospital", pair.publicKey(), binding, DATA_KEY);

      try (Secret opened = Hpke.open(pair, binding, sealed)) {
        assertThat(opened).isEqualTo(DATA_KEY);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void sealingTwice_givesDifferentBytes(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM)) {
      Binding binding = grant(pair).jobChannels(0);

      SealedKey one = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);
      SealedKey two = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);

      assertThat(one.enc()).isNotEqualTo(two.enc());
      assertThat(one.ciphertext()).isNotEqualTo(two.ciphertext());
    }
  }

  @ParameterizedTest
  @EnumSource
  void storedPrivateKey_opensAgain(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        HpkeKeyPair again = HpkeKeyPair.of(suite, pair.privateKey().copy())) {
      Binding binding = grant(pair).jobChannels(0);
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);

      assertThat(again.publicKey()).isEqualTo(pair.publicKey());
      assertThat(bytesOf(Hpke.open(again, binding, sealed))).isEqualTo(bytesOf(DATA_KEY));
    }
  }

  @ParameterizedTest
  @EnumSource
  void sealedKey_survivesItsMessage(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM)) {
      SealedKey sealed =
          Hpke.seal("hospital", pair.publicKey(), grant(pair).jobChannels(0), DATA_KEY);

      assertThat(SealedKey.fromMessage(sealed.toMessage())).isEqualTo(sealed);
      assertThat(HpkePublicKey.fromMessage(pair.publicKey().toMessage()))
          .isEqualTo(pair.publicKey());
    }
  }

  @ParameterizedTest
  @EnumSource
  void flippedByte_doesNotOpen(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM)) {
      Binding binding = grant(pair).dataset("claims", 1);
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);
      for (int i = 0; i < sealed.enc().size(); i += suite == HpkeSuite.XWING ? 7 : 1) {
        assertDoesNotOpen(
            pair, binding, new SealedKey("p", suite, flip(sealed.enc(), i), sealed.ciphertext()));
      }
      for (int i = 0; i < sealed.ciphertext().size(); i++) {
        assertDoesNotOpen(
            pair, binding, new SealedKey("p", suite, sealed.enc(), flip(sealed.ciphertext(), i)));
      }
    }
  }

  @Test
  void topBitOfAnX25519Point_countsThoughTheCurveIgnoresIt() {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM)) {
      Binding binding = grant(pair).jobChannels(0);
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);
      byte[] enc = sealed.enc().toByteArray();
      enc[31] ^= (byte) 0x80;

      assertDoesNotOpen(
          pair,
          binding,
          new SealedKey("p", HpkeSuite.X25519, ByteString.copyFrom(enc), sealed.ciphertext()));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anotherBinding_doesNotOpen(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        HpkeKeyPair stranger = HpkeKeyPair.generate(suite, RANDOM)) {
      Digest other = Digest.of(new byte[] {9});
      Bindings.Grant grant = grant(pair);
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), grant.dataset("claims", 1), DATA_KEY);
      HpkePublicKey own = pair.publicKey();
      List<Binding> others =
          List.of(
              grant.dataset("claims", 2),
              grant.dataset("admissions", 1),
              grant.jobChannels(1),
              new Bindings.Grant(other, JOB, EVIDENCE, "p", own).dataset("claims", 1),
              new Bindings.Grant(AGREEMENT, other, EVIDENCE, "p", own).dataset("claims", 1),
              new Bindings.Grant(AGREEMENT, JOB, other, "p", own).dataset("claims", 1),
              new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "q", own).dataset("claims", 1),
              new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "p", stranger.publicKey())
                  .dataset("claims", 1));
      others.forEach(binding -> assertDoesNotOpen(pair, binding, sealed));
    }
  }

  @ParameterizedTest
  @EnumSource
  void anotherKeyPair_doesNotOpen(HpkeSuite suite) {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        HpkeKeyPair stranger = HpkeKeyPair.generate(suite, RANDOM)) {
      Binding binding = grant(pair).jobChannels(0);
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);

      assertDoesNotOpen(stranger, binding, sealed);
    }
  }

  @Test
  void keyOfAnotherSuite_isRefusedByName() {
    try (HpkeKeyPair xwing = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM);
        HpkeKeyPair x25519 = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM)) {
      Binding binding = grant(xwing).jobChannels(0);
      SealedKey sealed = Hpke.seal("p", x25519.publicKey(), binding, DATA_KEY);

      assertThatThrownBy(() -> Hpke.open(xwing, binding, sealed))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining("suite X25519; expected XWING");
    }
  }

  @Test
  void failureToOpenAResult_isSaidToBeTheResults() {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM)) {
      Bindings.Result result = new Bindings.Result(AGREEMENT, JOB_ID, "summary");
      SealedKey sealed = Hpke.seal("p", pair.publicKey(), result.recipient("p"), DATA_KEY);

      assertThatThrownBy(() -> Hpke.open(pair, result.recipient("q"), sealed))
          .isInstanceOfSatisfying(
              RefusedException.class,
              e -> {
                assertThat(e.reason()).isEqualTo(Reason.INVALID_RESULT);
                assertThat(e.getCause()).isNull();
              });
    }
  }

  @ParameterizedTest
  @EnumSource
  void wrongLengths_areRefusedBeforeAnythingIsParsed(HpkeSuite suite) {
    ByteString enc = zeros(suite.encSizeBytes());
    ByteString ciphertext = zeros(48);
    for (int off : new int[] {-1, 1}) {
      assertInvalid(() -> new HpkePublicKey(suite, zeros(suite.publicKeySizeBytes() + off)));
      assertInvalid(() -> new SealedKey("p", suite, zeros(suite.encSizeBytes() + off), ciphertext));
      assertInvalid(() -> new SealedKey("p", suite, enc, zeros(48 + off)));
      assertInvalid(() -> HpkeKeyPair.of(suite, Secret.copyOf(new byte[32 + off])));
    }
    assertInvalid(() -> new HpkePublicKey(suite, ByteString.EMPTY));
    assertInvalid(() -> new SealedKey("", suite, enc, ciphertext));
  }

  @Test
  void unknownSuite_isRefused() {
    assertInvalid(() ->
        HpkePublicKey.fromMessage(
            io.parley.proto.agreement.v1.HpkePublicKey.newBuilder().setSuiteValue(99).build()));
    assertInvalid(
        () -> SealedKey.fromMessage(io.parley.proto.enclave.v1.SealedKey.getDefaultInstance()));
  }

  @Test
  void x25519PointOfSmallOrder_isRefused() {
    for (int first : new int[] {0, 1}) {
      byte[] point = new byte[32];
      point[0] = (byte) first;
      HpkePublicKey weak = new HpkePublicKey(HpkeSuite.X25519, ByteString.copyFrom(point));

      assertInvalid(() ->
          Hpke.seal(
              "p", weak, new Bindings.Result(AGREEMENT, JOB_ID, "r").recipient("p"), DATA_KEY));
    }
  }

  @Test
  void xwingKeyWithCoefficientsOutOfRange_isRefused() {
    byte[] key = new byte[HpkeSuite.XWING.publicKeySizeBytes()];
    Arrays.fill(key, (byte) 0xff);
    HpkePublicKey wrong = new HpkePublicKey(HpkeSuite.XWING, ByteString.copyFrom(key));

    assertInvalid(() ->
        Hpke.seal(
            "p", wrong, new Bindings.Result(AGREEMENT, JOB_ID, "r").recipient("p"), DATA_KEY));
  }

  @Test
  void keyThatIsNot32Bytes_isOurBug() {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM);
        Secret odd = Secret.copyOf(new byte[31])) {
      Binding binding = grant(pair).jobChannels(0);

      assertThatThrownBy(() -> Hpke.seal("p", pair.publicKey(), binding, odd))
          .isInstanceOf(BugException.class);
    }
  }

  @ParameterizedTest
  @EnumSource
  void closedPair_opensNothing(HpkeSuite suite) {
    HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
    Binding binding = grant(pair).jobChannels(0);
    SealedKey sealed = Hpke.seal("p", pair.publicKey(), binding, DATA_KEY);

    pair.close();

    assertThatThrownBy(() -> Hpke.open(pair, binding, sealed)).isInstanceOf(BugException.class);
  }

  @Test
  void textOfAPair_saysOnlyTheSuite() {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(HpkeSuite.X25519, RANDOM)) {
      assertThat(pair.toString()).isEqualTo("HpkeKeyPair[X25519]");
    }
  }

  private static Bindings.Grant grant(HpkeKeyPair pair) {
    return new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "p", pair.publicKey());
  }

  private static ByteString zeros(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  private static void assertDoesNotOpen(HpkeKeyPair pair, Binding binding, SealedKey sealed) {
    assertThatThrownBy(() -> Hpke.open(pair, binding, sealed))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.GRANT_WRONG));
  }

  private static void assertInvalid(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_REQUEST));
  }
}
