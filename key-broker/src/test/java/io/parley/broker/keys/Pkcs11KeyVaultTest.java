package io.parley.broker.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class Pkcs11KeyVaultTest {
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});
  private static final Digest OTHER = Digest.of(new byte[] {2});
  private static final KeyName NAME = KeyName.dataset(AGREEMENT, "claims", 1);
  private static final long CKR_ATTRIBUTE_READ_ONLY = 0x10;
  private static final long CKR_ATTRIBUTE_SENSITIVE = 0x11;
  private static final long CKR_KEY_UNEXTRACTABLE = 0x6a;

  @TempDir Path folder;
  private final SecureRandom random = new SecureRandom();
  private SoftHsm hsm;
  private TokenSettings settings;
  private Pkcs11KeyVault vault;
  private ByteString kek;
  private Secret key;
  private ByteString wrapped;

  @BeforeEach
  void start() {
    hsm = SoftHsm.get();
    settings = hsm.token(folder);
    vault = Pkcs11KeyVault.open(settings, random);
    kek = vault.createKek(AGREEMENT);
    key = Secret.random(32, random);
    wrapped = vault.wrap(kek, NAME, key);
  }

  @AfterEach
  void stop() {
    if (vault != null) {
      vault.close();
      hsm.restart();
    }
  }

  @Test
  void opensWhatItWrappedAlsoAfterARestart() {
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
    vault.close();
    hsm.restart();
    vault = Pkcs11KeyVault.open(settings, random);
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
  }

  @Test
  void theKekIsInTheTokenAndNothingTakesItOut() throws Exception {
    try (RawToken raw = new RawToken(settings.library(), settings.label())) {
      List<Long> keks = raw.find("parley-kek-" + AGREEMENT.hex());
      assertThat(keks).hasSize(1);
      long object = keks.getFirst();
      assertThat(raw.number(object, RawToken.CKA_VALUE_LEN)).isEqualTo(32);
      for (long yes :
          List.of(
              RawToken.CKA_TOKEN,
              RawToken.CKA_PRIVATE,
              RawToken.CKA_SENSITIVE,
              RawToken.CKA_ALWAYS_SENSITIVE,
              RawToken.CKA_NEVER_EXTRACTABLE,
              RawToken.CKA_ENCRYPT)) {
        assertThat(raw.flag(object, yes)).as("attribute 0x%x", yes).isTrue();
      }
      for (long no :
          List.of(
              RawToken.CKA_EXTRACTABLE,
              RawToken.CKA_WRAP,
              RawToken.CKA_UNWRAP,
              RawToken.CKA_SIGN,
              RawToken.CKA_DERIVE)) {
        assertThat(raw.flag(object, no)).as("attribute 0x%x", no).isFalse();
      }
      assertThat(raw.readValue(object)).isEqualTo(CKR_ATTRIBUTE_SENSITIVE);
      assertThat(raw.setFlag(object, RawToken.CKA_EXTRACTABLE, true))
          .isEqualTo(CKR_ATTRIBUTE_READ_ONLY);
      assertThat(raw.setFlag(object, RawToken.CKA_SENSITIVE, false))
          .isEqualTo(CKR_ATTRIBUTE_READ_ONLY);
      assertThat(raw.copyWith(object, RawToken.CKA_EXTRACTABLE, true)).isNotZero();
      assertThat(raw.copyWith(object, RawToken.CKA_SENSITIVE, false)).isNotZero();
      assertThat(raw.wrapBy(object)).isEqualTo(CKR_KEY_UNEXTRACTABLE);
    }
  }

  @Test
  void whatTheDatabaseHoldsIsNoKey() {
    assertThat(kek.toStringUtf8()).endsWith("parley-kek-" + AGREEMENT.hex());
    assertThat(vault.wrap(kek, NAME, key)).isNotEqualTo(wrapped);
    byte[] raw = key.use(bytes -> bytes.clone());
    assertThat(com.google.common.primitives.Bytes.indexOf(wrapped.toByteArray(), raw))
        .isEqualTo(-1);
  }

  @Test
  void aWrappedKeyOpensUnderNoOtherName() {
    ByteString otherKek = vault.createKek(OTHER);
    for (KeyName other :
        List.of(
            KeyName.dataset(AGREEMENT, "claim", 1),
            KeyName.job(AGREEMENT, "claims"),
            KeyName.dataset(AGREEMENT, "claims", 2))) {
      assertForeign(kek, other, wrapped);
    }
    assertForeign(otherKek, KeyName.dataset(OTHER, "claims", 1), wrapped);
    assertForeign(otherKek, NAME, wrapped);
    assertForeign(kek, KeyName.dataset(OTHER, "claims", 1), wrapped);
  }

  @Test
  void everyFlippedByteAndEveryCutIsRefused() {
    for (int i = 0; i < wrapped.size(); i++) {
      byte[] flipped = wrapped.toByteArray();
      flipped[i] ^= 1;
      assertForeign(kek, NAME, ByteString.copyFrom(flipped));
      assertForeign(kek, NAME, wrapped.substring(0, i));
    }
    assertForeign(kek, NAME, wrapped.concat(ByteString.copyFrom(new byte[1])));
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
  }

  @Test
  void aKekThatIsMadeAgainReplacesTheOneThatWasLeftOver() {
    ByteString again = vault.createKek(AGREEMENT);
    assertForeign(again, NAME, wrapped);
    assertThat(vault.unwrap(again, NAME, vault.wrap(again, NAME, key))).isEqualTo(key);
  }

  @Test
  void aDestroyedKekIsGone() throws Exception {
    ByteString otherKek = vault.createKek(OTHER);
    KeyName otherName = KeyName.dataset(OTHER, "claims", 1);
    ByteString otherWrapped = vault.wrap(otherKek, otherName, key);
    vault.destroyKek(AGREEMENT);
    vault.destroyKek(AGREEMENT);
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "no key 'parley-kek-");
    assertThat(vault.unwrap(otherKek, otherName, otherWrapped)).isEqualTo(key);
    try (RawToken raw = new RawToken(settings.library(), settings.label())) {
      assertThat(raw.find("parley-kek-" + AGREEMENT.hex())).isEmpty();
    }
    hsm.restart();
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "no key 'parley-kek-");
  }

  @Test
  void aLostLoginIsMadeAnew() {
    for (int i = 0; i < 3; i++) {
      hsm.restart();
      assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
      hsm.restart();
      assertThat(vault.unwrap(kek, NAME, vault.wrap(kek, NAME, key))).isEqualTo(key);
    }
    hsm.restart();
    ByteString otherKek = vault.createKek(OTHER);
    hsm.restart();
    vault.destroyKek(OTHER);
    assertFailed(() -> vault.wrap(otherKek, KeyName.job(OTHER, "job"), key), "no key");
  }

  @Test
  void aTokenThatIsAwayFailsClearlyAndIsUsedAgainWhenItIsBack() {
    hsm.unplug();
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "no token labelled");
    assertFailed(() -> vault.wrap(kek, NAME, key), "no token labelled");
    assertFailed(() -> vault.createKek(OTHER), "no token labelled");
    assertFailed(() -> vault.destroyKek(AGREEMENT), "no token labelled");
    hsm.restart();
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
  }

  @Test
  void manyThreadsThatFindTheLoginLostAllGoOn() throws Exception {
    List<Callable<Integer>> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(() -> {
        int opened = 0;
        for (int round = 0; round < 20; round++) {
          try (Secret back = vault.unwrap(kek, NAME, vault.wrap(kek, NAME, key))) {
            opened += back.equals(key) ? 1 : 0;
          }
        }
        return opened;
      });
    }
    try (var pool = Executors.newFixedThreadPool(8)) {
      for (int lost = 0; lost < 5; lost++) {
        hsm.restart();
        for (Future<Integer> call : pool.invokeAll(calls)) {
          assertThat(call.get()).isEqualTo(20);
        }
      }
    }
  }

  @Test
  void aWrongPinIsSaidAndNotTriedAgain() throws Exception {
    vault.close();
    hsm.restart();
    SoftHsm.writePin(settings, "another PIN");
    assertFailed(() -> Pkcs11KeyVault.open(settings, random), "does not take the PIN");

    SoftHsm.writePin(settings, SoftHsm.PIN);
    vault = Pkcs11KeyVault.open(settings, random);
    hsm.restart();
    SoftHsm.writePin(settings, "another PIN");
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "does not take the PIN");
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "not tried again");
    SoftHsm.writePin(settings, SoftHsm.PIN);
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
  }

  @Test
  void messagesDoNotHoldThePin() {
    vault.close();
    hsm.restart();
    SoftHsm.writePin(settings, "another PIN");
    assertThatThrownBy(() -> Pkcs11KeyVault.open(settings, random))
        .satisfies(failure -> {
          for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            assertThat(cause.toString()).doesNotContain("another PIN");
          }
        });
  }

  @Test
  void aPinThatOthersCanReadIsRefused() throws Exception {
    vault.close();
    Files.setPosixFilePermissions(settings.pinFile(), PosixFilePermissions.fromString("rw-r-----"));
    assertThatThrownBy(() -> Pkcs11KeyVault.open(settings, random))
        .hasMessageContaining("PIN file")
        .hasMessageContaining("chmod 600");
    Files.delete(settings.pinFile());
    assertThatThrownBy(() -> Pkcs11KeyVault.open(settings, random))
        .hasMessageContaining("PIN file");
  }

  @Test
  void anotherTokenAndAnotherLibraryAreSaid() throws Exception {
    TokenSettings other = hsm.token(folder);
    vault = Pkcs11KeyVault.open(other, random);
    assertFailed(() -> vault.unwrap(kek, NAME, wrapped), "no key 'parley-kek-");
    assertFailed(
        () ->
            Pkcs11KeyVault.open(
                new TokenSettings(settings.library(), "nobody's", settings.pinFile()), random),
        "no token labelled 'nobody's'");
    Path none = folder.resolve("library.so");
    assertFailed(
        () ->
            Pkcs11KeyVault.open(
                new TokenSettings(none, settings.label(), settings.pinFile()), random),
        "cannot load");
  }

  @Test
  void vaultsDoNotTakeEachOthersKeks() {
    try (FileKeyVault file = new FileKeyVault(MasterKey.ephemeral(random), random)) {
      ByteString fileKek = file.createKek(AGREEMENT);
      assertThat(file.made(fileKek)).isTrue();
      assertThat(file.made(kek)).isFalse();
      assertThat(vault.made(kek)).isTrue();
      assertThat(vault.made(fileKek)).isFalse();
      assertFailed(() -> vault.unwrap(fileKek, NAME, wrapped), "another vault");
      assertFailed(() -> file.unwrap(kek, NAME, wrapped), "another vault");
    }
  }

  private void assertForeign(ByteString by, KeyName name, ByteString bytes) {
    assertThatThrownBy(() -> vault.unwrap(by, name, bytes))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.STORE_FAILED))
        .hasMessageContaining("does not open");
  }

  private static void assertFailed(
      org.assertj.core.api.ThrowableAssert.ThrowingCallable call, String how) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            EnvironmentException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.KEY_VAULT_FAILED))
        .hasMessageContaining(how);
  }
}
