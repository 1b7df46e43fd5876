package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.bytesOf;
import static io.parley.seal.SealFixtures.flip;
import static io.parley.seal.SealFixtures.hex;
import static io.parley.seal.SealFixtures.key;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Conscrypted;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.spec.EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMExtractor;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMGenerator;
import org.bouncycastle.pqc.crypto.xwing.XWingPrivateKeyParameters;
import org.bouncycastle.pqc.crypto.xwing.XWingPublicKeyParameters;
import org.bouncycastle.util.test.FixedSecureRandom;
import org.conscrypt.HpkeContextRecipient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Our HPKE, which Conscrypt (BoringSSL) seals and Bouncy Castle opens: each against the other, and
 * against RFC 9180's vectors.
 */
class HpkeSecondOpinionTest {
  private static final Binding BINDING =
      new Bindings.Result(AGREEMENT, JOB_ID, "summary").recipient("hospital");

  @ParameterizedTest
  @EnumSource
  void whatWeSeal_conscryptOpens(HpkeSuite suite) throws Exception {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        Secret key = key(7)) {
      SealedKey sealed = Hpke.seal("hospital", pair.publicKey(), BINDING, key);
      HpkeContextRecipient theirs =
          HpkeContextRecipient.getInstance(suite.conscryptName(), Conscrypted.PROVIDER);
      theirs.init(sealed.enc().toByteArray(), privateKey(pair), BINDING.info().toByteArray());

      byte[] opened = theirs.open(sealed.ciphertext().toByteArray(), BINDING.aad().toByteArray());

      assertThat(opened).isEqualTo(bytesOf(key));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatBouncyCastleSeals_weAndConscryptOpen(HpkeSuite suite) throws Exception {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        Secret key = key(8)) {
      HPKE engine = suite.engine();
      var theirs =
          engine.setupBaseS(
              engine.deserializePublicKey(pair.publicKey().key().toByteArray()),
              BINDING.info().toByteArray());
      byte[] ciphertext = theirs.seal(BINDING.aad().toByteArray(), bytesOf(key));

      try (Secret opened =
          Hpke.open(
              pair,
              BINDING,
              new SealedKey(
                  "hospital",
                  suite,
                  ByteString.copyFrom(theirs.getEncapsulation()),
                  ByteString.copyFrom(ciphertext)))) {
        assertThat(opened).isEqualTo(key);
      }
      HpkeContextRecipient third =
          HpkeContextRecipient.getInstance(suite.conscryptName(), Conscrypted.PROVIDER);
      third.init(theirs.getEncapsulation(), privateKey(pair), BINDING.info().toByteArray());
      assertThat(third.open(ciphertext, BINDING.aad().toByteArray())).isEqualTo(bytesOf(key));
    }
  }

  /**
   * One context of RFC 9180's published vectors, base mode, DHKEM(X25519, HKDF-SHA256),
   * HKDF-SHA256.
   *
   * @param ciphertexts of the plaintext under "Count-0", "Count-1" and so on
   */
  private record Vector(
      short aead, String skRm, String pkRm, String skEm, String pkEm, List<String> ciphertexts) {
    static final byte[] INFO = "Ode on a Grecian Urn".getBytes(UTF_8);
    static final byte[] PLAINTEXT = "Beauty is truth, truth beauty".getBytes(UTF_8);

    static byte[] aad(int number) {
      return ("Count-" + number).getBytes(UTF_8);
    }
  }

  /** Appendix A.1.1. */
  private static final Vector AES_128 =
      new Vector(
          HPKE.aead_AES_GCM128,
          "4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8",
          "3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d",
          "52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736",
          "37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431",
          List.of(
              "f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a",
              "af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84",
              "498dfcabd92e8acedc281e85af1cb4e3e31c7dc394a1ca20e173cb72516491588d96a19ad4a683518973dcc180",
              "6b0f4cd351730cd25993d8ad0f11bff1ef2c3a957cb4d8694bb06c60a2937385da1b47a11595dd7a9a28f76c26",
              "583bd32bc67a5994bb8ceaca813d369bca7b2a42408cddef5e22f880b631215a09fc0012bc69fccaa251c0246d"));

  /** Not in the RFC's text, but in the file that it points to (test-vectors.json): our suite. */
  private static final Vector AES_256 =
      new Vector(
          HPKE.aead_AES_GCM256,
          "497b4502664cfea5d5af0b39934dac72242a74f8480451e1aee7d6a53320333d",
          "430f4b9859665145a6b1ba274024487bd66f03a2dd577d7753c68d7d7d00c00c",
          "179d4b53b6365c45b600c4163b61d95cbc2f4d9e36f1695558dce265ab8bab11",
          "6c93e09869df3402d7bf231bf540fadd35cd56be14f97178f0954db94b7fc256",
          List.of(
              "e5d84cd531cfb583096e7cfa9641bd3079cf3a91cda813c52deb5f512be9931980a41de125a925cdad859d5b7a",
              "2c43aff25343fdbff864506f0818b9d87df84ea01b1a2144d23b4d40c26bf655fdf197fe40297a8aebeed5cc2d",
              "e0a8f2cf92ff61215edbb8c55dc31fe9e2eb42a5685867bb6854211542099f9e940c4b41c192bc390835b1a5f7",
              "a8ea1deafbe4935d0d484a026301a339d4668c43c37f5e289bf758c7aeb3e2812d0321c12b71978855883420c0",
              "448a8892f261cbb6bf5b7b64a4fae8a2c86492494b069c10525895d871c27c2f12cd17e0588fedaba9f7b0cd4c"));

  static List<Vector> vectors() {
    return List.of(AES_128, AES_256);
  }

  @ParameterizedTest
  @MethodSource("vectors")
  void engine_givesTheValuesOfRfc9180(Vector vector) throws Exception {
    HPKE engine =
        new HPKE(HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, vector.aead());
    AsymmetricCipherKeyPair recipient = pair(engine, vector.skRm(), vector.pkRm());
    AsymmetricCipherKeyPair ephemeral = pair(engine, vector.skEm(), vector.pkEm());

    var sender = engine.setupBaseS(recipient.getPublic(), Vector.INFO, ephemeral);
    assertThat(sender.getEncapsulation()).isEqualTo(bytes(vector.pkEm()));
    var opener = engine.setupBaseR(sender.getEncapsulation(), recipient, Vector.INFO);
    for (int i = 0; i < vector.ciphertexts().size(); i++) {
      byte[] sealed = sender.seal(Vector.aad(i), Vector.PLAINTEXT);
      assertThat(HexFormat.of().formatHex(sealed)).isEqualTo(vector.ciphertexts().get(i));
      assertThat(opener.open(Vector.aad(i), sealed)).isEqualTo(Vector.PLAINTEXT);
    }
  }

  /** The same values through what the rest of the program calls. */
  @Test
  void whatTheProgramCalls_givesTheValuesOfRfc9180() {
    Binding binding =
        new Binding(
            ByteString.copyFrom(Vector.INFO),
            ByteString.copyFrom(Vector.aad(0)),
            Reason.GRANT_WRONG);
    try (HpkeKeyPair recipient =
        HpkeKeyPair.of(HpkeSuite.X25519, Secret.copyOf(bytes(AES_256.skRm())))) {
      HPKE engine = HpkeSuite.X25519.engine();
      Hpke.Sealed sealed =
          Hpke.sealBytesWith(
              pair(engine, AES_256.skEm(), AES_256.pkEm()),
              recipient.publicKey(),
              binding,
              Vector.PLAINTEXT);

      assertThat(hex(recipient.publicKey().key())).isEqualTo(AES_256.pkRm());
      assertThat(hex(sealed.enc())).isEqualTo(AES_256.pkEm());
      assertThat(hex(sealed.ciphertext())).isEqualTo(AES_256.ciphertexts().getFirst());
      assertThat(Hpke.openBytes(recipient, binding, sealed, "hospital"))
          .isEqualTo(Vector.PLAINTEXT);
    }
  }

  /** What one of the two refuses, the other refuses too. */
  @ParameterizedTest
  @EnumSource
  void neitherOpensWhatWasChanged(HpkeSuite suite) throws Exception {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        HpkeKeyPair other = HpkeKeyPair.generate(suite, RANDOM);
        Secret key = key(9)) {
      SealedKey sealed = Hpke.seal("hospital", pair.publicKey(), BINDING, key);
      Binding another = new Bindings.Result(AGREEMENT, JOB_ID, "summary").recipient("insurer");

      bothRefuse(other, BINDING, sealed);
      bothRefuse(pair, another, sealed);
      bothRefuse(
          pair,
          BINDING,
          new SealedKey("hospital", suite, flip(sealed.enc(), 0), sealed.ciphertext()));
      for (int i = 0; i < sealed.ciphertext().size(); i++) {
        bothRefuse(
            pair,
            BINDING,
            new SealedKey("hospital", suite, sealed.enc(), flip(sealed.ciphertext(), i)));
      }
    }
  }

  private static void bothRefuse(HpkeKeyPair pair, Binding binding, SealedKey sealed)
      throws Exception {
    assertThatThrownBy(() -> Hpke.open(pair, binding, sealed)).isInstanceOf(RefusedException.class);
    HpkeContextRecipient theirs =
        HpkeContextRecipient.getInstance(
            pair.publicKey().suite().conscryptName(), Conscrypted.PROVIDER);
    theirs.init(sealed.enc().toByteArray(), privateKey(pair), binding.info().toByteArray());
    assertThatThrownBy(
            () -> theirs.open(sealed.ciphertext().toByteArray(), binding.aad().toByteArray()))
        .isInstanceOf(GeneralSecurityException.class);
  }

  private static AsymmetricCipherKeyPair pair(HPKE engine, String secret, String open) {
    return engine.deserializePrivateKey(bytes(secret), bytes(open));
  }

  private static byte[] bytes(String hex) {
    return HexFormat.of().parseHex(hex);
  }

  /** draft-connolly-cfrg-xwing-kem, appendix C, first vector: its seeds and its shared secret. */
  @Test
  void xwing_givesTheValuesOfItsDraft() {
    byte[] seed =
        hex("7f9c2ba4e88f827d616045507605853ed73b8093f6efbc88eb1a6eacfa66ef26").toByteArray();
    byte[] encapsulationSeed =
        hex("3cb1eea988004b93103cfb0aeefd2a686e01fa4a58e8a3639ca8a1e3f9ae57e2"
                + "35b8cc873c23dc62b8d260169afa2f75ab916a58d974918835d25e6a435085b2")
            .toByteArray();
    XWingPrivateKeyParameters key = new XWingPrivateKeyParameters(seed);
    try (HpkeKeyPair pair = HpkeKeyPair.of(HpkeSuite.XWING, Secret.copyOf(seed))) {
      var generated =
          new XWingKEMGenerator(new FixedSecureRandom(encapsulationSeed))
              .generateEncapsulated(
                  new XWingPublicKeyParameters(pair.publicKey().key().toByteArray()));

      assertThat(hex(pair.publicKey().key()))
          .startsWith("e2236b35a8c24b39b10aa1323a96a919a2ced884");
      assertThat(HexFormat.of().formatHex(generated.getSecret()))
          .isEqualTo("d2df0522128f09dd8e2c92b1e905c793d8f57a54c3da25861f10bf4ca613e384");
      assertThat(new XWingKEMExtractor(key).extractSecret(generated.getEncapsulation()))
          .isEqualTo(generated.getSecret());
    }
  }

  private static PrivateKey privateKey(HpkeKeyPair pair) throws Exception {
    return factory(pair).generatePrivate(new RawKey(bytesOf(pair.privateKey())));
  }

  private static KeyFactory factory(HpkeKeyPair pair) throws Exception {
    return switch (pair.publicKey().suite()) {
      case XWING -> KeyFactory.getInstance("XWING", Conscrypted.PROVIDER);
      case X25519 -> KeyFactory.getInstance("XDH", Conscrypted.PROVIDER);
    };
  }

  /** Conscrypt knows this kind of specification by the name of its format. */
  private static final class RawKey extends EncodedKeySpec {
    RawKey(byte[] bytes) {
      super(bytes);
    }

    @Override
    public String getFormat() {
      return "raw";
    }
  }
}
