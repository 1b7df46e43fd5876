package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class VerifyingKeyTest {
  private static final ByteString MESSAGE = ByteString.copyFromUtf8("message");
  private final SigningKey key = SigningKey.generate(new SecureRandom());

  private static ByteString hex(String hex) {
    return ByteString.copyFrom(HexFormat.of().parseHex(hex));
  }

  /** RFC 8032, section 7.1, tests 1 to 3. */
  @ParameterizedTest
  @CsvSource({
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60,"
        + "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a,'',"
        + "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb,"
        + "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c,72,"
        + "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7,"
        + "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025,af82,"
        + "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a"
  })
  void agreesWithTheStandardsVectors(
      String seed, String publicKey, String message, String signature) {
    SigningKey vector = SigningKey.ofSeed(HexFormat.of().parseHex(seed));
    assertThat(vector.verifyingKey().value()).isEqualTo(hex(publicKey));
    assertThat(vector.signExact(hex(message))).isEqualTo(hex(signature));
    assertThat(new VerifyingKey(hex(publicKey)).verifyExact(hex(message), hex(signature))).isTrue();
  }

  @Test
  void verifiesUnderTheSameLabelOnly() {
    ByteString signature = key.sign("parley/v1/grant", MESSAGE);
    VerifyingKey verifying = key.verifyingKey();
    assertThat(verifying.verify("parley/v1/grant", MESSAGE, signature)).isTrue();
    assertThat(verifying.verify("parley/v1/job-report", MESSAGE, signature)).isFalse();
    assertThat(verifying.verifyExact(MESSAGE, signature)).isFalse();
    assertThat(
            verifying.verifyExact(ByteString.copyFromUtf8("parley/v1/grant\0message"), signature))
        .isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "a\0b", "UPPER", "a b", "é"})
  void labelsHaveNoByteThatCouldEndThem(String label) {
    assertThatThrownBy(() -> key.sign(label, MESSAGE)).isInstanceOf(BugException.class);
    assertThatThrownBy(() -> key.verifyingKey().verify(label, MESSAGE, MESSAGE))
        .isInstanceOf(BugException.class);
  }

  @Test
  void everyFlippedBitOfTheSignatureFails() {
    byte[] signature = key.signExact(MESSAGE).toByteArray();
    for (int bit = 0; bit < signature.length * 8; bit++) {
      signature[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(key.verifyingKey().verifyExact(MESSAGE, ByteString.copyFrom(signature))).isFalse();
      signature[bit / 8] ^= (byte) (1 << bit % 8);
    }
  }

  @Test
  void signaturesOfAnotherLengthFail() {
    ByteString signature = key.signExact(MESSAGE);
    for (int length = 0; length < 64; length++) {
      assertThat(key.verifyingKey().verifyExact(MESSAGE, signature.substring(0, length))).isFalse();
    }
    assertThat(
            key.verifyingKey()
                .verifyExact(MESSAGE, signature.concat(ByteString.copyFrom(new byte[1]))))
        .isFalse();
  }

  /** Points of small order would verify messages that nobody signed. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "0200000000000000000000000000000000000000000000000000000000000000",
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
      })
  void refusesWeakAndWrongPoints(String point) {
    assertThatThrownBy(() -> new VerifyingKey(hex(point))).isInstanceOf(RefusedException.class);
  }

  @Test
  void refusesOtherLengths() {
    assertThatThrownBy(() -> new VerifyingKey(ByteString.copyFrom(new byte[31])))
        .hasMessageContaining("31 bytes long; expected 32");
    assertThatThrownBy(() -> SigningKey.ofSeed(new byte[33]))
        .hasMessageContaining("33 bytes long; expected 32");
  }

  @Test
  void isKnownByItsDigest() {
    assertThat(key.verifyingKey().digest()).isEqualTo(Digest.of(key.verifyingKey().value()));
  }

  @Test
  void aClosedKeySignsNothing() {
    key.close();
    key.close();
    assertThatThrownBy(() -> key.signExact(MESSAGE)).isInstanceOf(BugException.class);
    assertThatThrownBy(key::copySeed).isInstanceOf(BugException.class);
  }

  @Test
  void aPrivateKeyPrintsItsPublicHalfOnly() {
    byte[] seed = new byte[32];
    seed[0] = 42;
    SigningKey printed = SigningKey.ofSeed(seed);
    assertThat(printed.toString()).isEqualTo("SigningKey[" + printed.verifyingKey() + "]");
    assertThat(printed.verifyingKey().toString()).startsWith("ed25519:");
  }
}
