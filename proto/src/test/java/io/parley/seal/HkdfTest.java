package io.parley.seal;

import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.bytesOf;
import static io.parley.seal.SealFixtures.hex;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import javax.crypto.KDF;
import javax.crypto.spec.HKDFParameterSpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HkdfTest {
  /** RFC 5869, appendix A.1 to A.3. */
  @ParameterizedTest
  @CsvSource({
    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b, 000102030405060708090a0b0c,"
        + " f0f1f2f3f4f5f6f7f8f9,"
        + " 3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b, '', '',"
        + " 8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8"
  })
  void valuesOfRfc5869_comeOut(String key, String salt, String info, String expected) {
    try (Secret input = Secret.copyOf(hex(key).toByteArray());
        Secret output = Hkdf.derive(input, hex(salt), hex(info), expected.length() / 2)) {
      assertThat(bytesOf(output)).isEqualTo(hex(expected).toByteArray());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 31, 32, 33, 44, 64, 255 * 32})
  void theJdksOwn_agrees(int sizeBytes) throws Exception {
    ByteString salt = hex("22".repeat(64));
    ByteString info = Fields.label("label").add("field").toByteString();
    try (Secret key = Secret.random(32, RANDOM);
        Secret output = Hkdf.derive(key, salt, info, sizeBytes)) {
      byte[] theirs =
          KDF.getInstance("HKDF-SHA256")
              .deriveData(
                  HKDFParameterSpec.ofExtract()
                      .addIKM(bytesOf(key))
                      .addSalt(salt.toByteArray())
                      .thenExpand(info.toByteArray(), sizeBytes));
      assertThat(bytesOf(output)).isEqualTo(theirs);
    }
  }

  @Test
  void everyInput_changesTheOutput() {
    ByteString one = hex("01");
    ByteString two = hex("02");
    try (Secret key = SealFixtures.key(1);
        Secret otherKey = SealFixtures.key(2);
        Secret output = Hkdf.derive(key, one, one, 32)) {
      assertThat(Hkdf.derive(otherKey, one, one, 32)).isNotEqualTo(output);
      assertThat(Hkdf.derive(key, two, one, 32)).isNotEqualTo(output);
      assertThat(Hkdf.derive(key, one, two, 32)).isNotEqualTo(output);
      assertThat(Hkdf.derive(key, one, one, 32)).isEqualTo(output);
    }
  }

  @Test
  void moreThanHkdfGives_isRefused() {
    try (Secret key = SealFixtures.key(1)) {
      assertThatThrownBy(() -> Hkdf.derive(key, hex("01"), hex("01"), 255 * 32 + 1))
          .isInstanceOf(RuntimeException.class);
    }
  }
}
