package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.RANDOM;
import static io.parley.seal.SealFixtures.bytesOf;
import static io.parley.seal.SealFixtures.hex;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.spec.EncodedKeySpec;
import java.util.HexFormat;
import org.bouncycastle.crypto.AsymmetricCipherKeyPair;
import org.bouncycastle.crypto.hpke.HPKE;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMExtractor;
import org.bouncycastle.pqc.crypto.xwing.XWingKEMGenerator;
import org.bouncycastle.pqc.crypto.xwing.XWingPrivateKeyParameters;
import org.bouncycastle.pqc.crypto.xwing.XWingPublicKeyParameters;
import org.bouncycastle.util.test.FixedSecureRandom;
import org.conscrypt.HpkeContextRecipient;
import org.conscrypt.HpkeContextSender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Our HPKE (Bouncy Castle's) against RFC 9180's vectors, and against Conscrypt's (BoringSSL's). */
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
          HpkeContextRecipient.getInstance(name(suite), Conscrypts.PROVIDER);
      theirs.init(sealed.enc().toByteArray(), privateKey(pair), BINDING.info().toByteArray());

      byte[] opened = theirs.open(sealed.ciphertext().toByteArray(), BINDING.aad().toByteArray());

      assertThat(opened).isEqualTo(bytesOf(key));
    }
  }

  @ParameterizedTest
  @EnumSource
  void whatConscryptSeals_weOpen(HpkeSuite suite) throws Exception {
    try (HpkeKeyPair pair = HpkeKeyPair.generate(suite, RANDOM);
        Secret key = key(8)) {
      HpkeContextSender theirs = HpkeContextSender.getInstance(name(suite), Conscrypts.PROVIDER);
      theirs.init(publicKey(pair), BINDING.info().toByteArray());
      byte[] ciphertext = theirs.seal(bytesOf(key), BINDING.aad().toByteArray());
      SealedKey sealed =
          new SealedKey(
              "hospital",
              suite,
              ByteString.copyFrom(theirs.getEncapsulated()),
              ByteString.copyFrom(ciphertext));

      try (Secret opened = Hpke.open(pair, BINDING, sealed)) {
        assertThat(opened).isEqualTo(key);
      }
    }
  }

  /** RFC 9180 appendix A.1.1: the same engine and mode, with AES-128-GCM. */
  @Test
  void engine_givesTheValuesOfRfc9180() throws Exception {
    HPKE engine =
        new HPKE(
            HPKE.mode_base, HPKE.kem_X25519_SHA256, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM128);
    byte[] info = hex("4f6465206f6e2061204772656369616e2055726e").toByteArray();
    AsymmetricCipherKeyPair recipient =
        engine.deserializePrivateKey(
            hex("4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8").toByteArray(),
            hex("3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d").toByteArray());
    AsymmetricCipherKeyPair ephemeral =
        engine.deserializePrivateKey(
            hex("52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736").toByteArray(),
            hex("37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431").toByteArray());
    byte[] aad = hex("436f756e742d30").toByteArray();
    byte[] plaintext =
        hex("4265617574792069732074727574682c20747275746820626561757479").toByteArray();
    byte[] expected =
        hex("f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a")
            .toByteArray();

    var sender = engine.setupBaseS(recipient.getPublic(), info, ephemeral);
    byte[] sealed = sender.seal(aad, plaintext);
    byte[] opened = engine.setupBaseR(sender.getEncapsulation(), recipient, info).open(aad, sealed);

    assertThat(sealed).isEqualTo(expected);
    assertThat(opened).isEqualTo(plaintext);
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

  private static String name(HpkeSuite suite) {
    return switch (suite) {
      case XWING -> "XWING/HKDF_SHA256/AES_256_GCM";
      case X25519 -> "DHKEM_X25519_HKDF_SHA256/HKDF_SHA256/AES_256_GCM";
    };
  }

  private static PublicKey publicKey(HpkeKeyPair pair) throws Exception {
    return factory(pair).generatePublic(new RawKey(pair.publicKey().key().toByteArray()));
  }

  private static PrivateKey privateKey(HpkeKeyPair pair) throws Exception {
    return factory(pair).generatePrivate(new RawKey(bytesOf(pair.privateKey())));
  }

  private static KeyFactory factory(HpkeKeyPair pair) throws Exception {
    return switch (pair.publicKey().suite()) {
      case XWING -> KeyFactory.getInstance("XWING", Conscrypts.PROVIDER);
      case X25519 -> KeyFactory.getInstance("XDH", Conscrypts.PROVIDER);
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
