package io.parley.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.Arrays;
import java.util.HexFormat;
import javax.crypto.AEADBadTagException;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.agreement.X25519Agreement;
import org.bouncycastle.crypto.kems.MLKEMExtractor;
import org.bouncycastle.crypto.params.MLKEMParameters;
import org.bouncycastle.crypto.params.MLKEMPrivateKeyParameters;
import org.bouncycastle.crypto.params.X25519PrivateKeyParameters;
import org.bouncycastle.crypto.params.X25519PublicKeyParameters;
import org.junit.jupiter.api.Test;

/** The primitives that we use, as we use them, against Wycheproof's vectors. */
class WycheproofTest {
  private static final Path FOLDER =
      Path.of(
          System.getProperty("parley.shared", "../shared"),
          "vectors/C2SP+wycheproof/testvectors_v1");

  @FunctionalInterface
  private interface Check {
    void run(JsonNode group, JsonNode test) throws Exception;
  }

  @Test
  void aesGcm() throws Exception {
    // Keys and nonces of the sizes that records and segments have.
    int count =
        forEach(
            "aes_gcm_test.json",
            (group, test) -> {
              if (group.get("keySize").asInt() == 256 && group.get("ivSize").asInt() == 96) {
                checkAesGcm(test);
              }
            });
    assertThat(count).isGreaterThan(300);
  }

  @Test
  void hkdfSha256() throws Exception {
    forEach(
        "hkdf_sha256_test.json",
        (group, test) -> {
          int size = test.get("size").asInt();
          if (size <= 255 * 32 && test.get("ikm").asText().length() > 0) {
            try (Secret key = Secret.copyOf(bytes(test, "ikm"));
                Secret output =
                    Hkdf.derive(
                        key,
                        ByteString.copyFrom(bytes(test, "salt")),
                        ByteString.copyFrom(bytes(test, "info")),
                        size)) {
              assertThat(valid(test)).isTrue();
              assertThat(SealFixtures.bytesOf(output)).isEqualTo(bytes(test, "okm"));
            }
          }
        });
  }

  @Test
  void x25519() throws Exception {
    forEach(
        "x25519_test.json",
        (group, test) -> {
          X25519Agreement agreement = new X25519Agreement();
          agreement.init(new X25519PrivateKeyParameters(bytes(test, "private")));
          byte[] shared = new byte[32];
          byte[] expected = bytes(test, "shared");
          try {
            agreement.calculateAgreement(
                new X25519PublicKeyParameters(bytes(test, "public")), shared, 0);
            assertThat(shared).as(test.toString()).isEqualTo(expected);
          } catch (IllegalStateException e) {
            // The all-zero secret of a point of small order, which HPKE must refuse.
            assertThat(expected).as(test.toString()).containsOnly(0);
          }
        });
  }

  @Test
  void ed25519() throws Exception {
    forEach(
        "ed25519_test.json",
        (group, test) ->
            assertThat(verifies(group, test)).as(test.toString()).isEqualTo(valid(test)));
  }

  /** Half of X-Wing. A ciphertext of the right length never fails: it gives another secret. */
  @Test
  void mlKem768() throws Exception {
    forEach(
        "mlkem_768_test.json",
        (group, test) -> {
          try {
            MLKEMPrivateKeyParameters key =
                new MLKEMPrivateKeyParameters(MLKEMParameters.ml_kem_768, bytes(test, "seed"));
            byte[] secret = new MLKEMExtractor(key).extractSecret(bytes(test, "c"));
            assertThat(valid(test)).as(test.toString()).isTrue();
            assertThat(key.getPublicKey()).isEqualTo(bytes(test, "ek"));
            assertThat(secret).isEqualTo(bytes(test, "K"));
          } catch (IllegalArgumentException e) {
            assertThat(valid(test)).as(test.toString()).isFalse();
          }
        });
  }

  private static boolean verifies(JsonNode group, JsonNode test) {
    try {
      return new VerifyingKey(ByteString.copyFrom(bytes(group.get("publicKey"), "pk")))
          .verifyExact(
              ByteString.copyFrom(bytes(test, "msg")), ByteString.copyFrom(bytes(test, "sig")));
    } catch (RefusedException e) {
      return false;
    }
  }

  private static void checkAesGcm(JsonNode test) throws GeneralSecurityException {
    byte[] sealed = concat(bytes(test, "ct"), bytes(test, "tag"));
    if (valid(test)) {
      assertThat(aesGcm(Cipher.ENCRYPT_MODE, test, bytes(test, "msg"))).isEqualTo(sealed);
    }
    try {
      byte[] opened = aesGcm(Cipher.DECRYPT_MODE, test, sealed);
      assertThat(valid(test)).as(test.toString()).isTrue();
      assertThat(opened).isEqualTo(bytes(test, "msg"));
    } catch (AEADBadTagException e) {
      assertThat(valid(test)).as(test.toString()).isFalse();
    }
  }

  /** Through direct buffers, as records go. */
  private static byte[] aesGcm(int mode, JsonNode test, byte[] input)
      throws GeneralSecurityException {
    Cipher cipher = Conscrypts.aesGcm();
    cipher.init(
        mode,
        new SecretKeySpec(bytes(test, "key"), "AES"),
        new GCMParameterSpec(128, bytes(test, "iv")));
    cipher.updateAAD(bytes(test, "aad"));
    ByteBuffer from = ByteBuffer.allocateDirect(input.length).put(input).flip();
    ByteBuffer to = ByteBuffer.allocateDirect(input.length + 16);
    int count = cipher.doFinal(from, to);
    byte[] output = new byte[count];
    to.flip().get(output);
    return output;
  }

  private static int forEach(String file, Check check) throws Exception {
    Path path = FOLDER.resolve(file);
    assumeTrue(
        Files.exists(path), () -> "skipped: no " + path.toAbsolutePath() + " (parley.shared)");
    int count = 0;
    for (JsonNode group : read(path).get("testGroups")) {
      for (JsonNode test : group.get("tests")) {
        check.run(group, test);
        count++;
      }
    }
    return count;
  }

  private static JsonNode read(Path path) throws IOException {
    return new ObjectMapper().readTree(path.toFile());
  }

  private static boolean valid(JsonNode test) {
    return test.get("result").asText().equals("valid");
  }

  private static byte[] bytes(JsonNode node, String field) {
    return HexFormat.of().parseHex(node.get(field).asText());
  }

  private static byte[] concat(byte[] head, byte[] tail) {
    byte[] both = Arrays.copyOf(head, head.length + tail.length);
    System.arraycopy(tail, 0, both, head.length, tail.length);
    return both;
  }
}
