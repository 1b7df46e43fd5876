package io.parley.broker.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import java.security.SecureRandom;
import java.util.List;
import org.junit.jupiter.api.Test;

class FileKeyVaultTest {
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});
  private static final Digest OTHER = Digest.of(new byte[] {2});
  private static final KeyName NAME = KeyName.dataset(AGREEMENT, "claims", 1);

  private final SecureRandom random = new SecureRandom();
  private final FileKeyVault vault = new FileKeyVault(MasterKey.ephemeral(random), random);
  private final ByteString kek = vault.createKek(AGREEMENT);
  private final Secret key = Secret.random(32, random);
  private final ByteString wrapped = vault.wrap(kek, NAME, key);

  @Test
  void opensWhatItWrapped() {
    assertThat(vault.unwrap(kek, NAME, wrapped)).isEqualTo(key);
  }

  @Test
  void wrappingTwiceGivesOtherBytes() {
    assertThat(vault.wrap(kek, NAME, key)).isNotEqualTo(wrapped);
    assertThat(vault.createKek(AGREEMENT)).isNotEqualTo(kek);
  }

  @Test
  void aWrappedKeyOpensUnderNoOtherName() {
    List<KeyName> others =
        List.of(
            KeyName.dataset(AGREEMENT, "claim", 1),
            KeyName.job(AGREEMENT, "claims"),
            new KeyName(AGREEMENT, KeyName.Purpose.DATASET, "claims", 2),
            KeyName.dataset(OTHER, "claims", 1));
    for (KeyName other : others) {
      assertForeign(kek, other, wrapped);
    }
  }

  @Test
  void aKekOpensForNoOtherAgreementAndNoOtherKek() {
    assertForeign(vault.createKek(OTHER), KeyName.dataset(OTHER, "claims", 1), wrapped);
    assertForeign(vault.createKek(AGREEMENT), NAME, wrapped);
  }

  @Test
  void anotherMasterSecretOpensNothing() {
    FileKeyVault other = new FileKeyVault(MasterKey.ephemeral(random), random);
    assertThatThrownBy(() -> other.unwrap(kek, NAME, wrapped))
        .isInstanceOf(EnvironmentException.class);
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
    for (int i = 0; i < kek.size(); i++) {
      byte[] flipped = kek.toByteArray();
      flipped[i] ^= 1;
      assertForeign(ByteString.copyFrom(flipped), NAME, wrapped);
    }
  }

  @Test
  void theKeyIsNotInItsWrappedForm() {
    byte[] raw = key.use(bytes -> bytes.clone());
    assertThat(wrapped.toString()).doesNotContain(ByteString.copyFrom(raw).toString());
    assertThat(java.util.Collections.indexOfSubList(list(wrapped.toByteArray()), list(raw)))
        .isEqualTo(-1);
  }

  private void assertForeign(ByteString by, KeyName name, ByteString bytes) {
    assertThatThrownBy(() -> vault.unwrap(by, name, bytes))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("does not open");
  }

  private static List<Byte> list(byte[] bytes) {
    return new java.util.ArrayList<>(com.google.common.primitives.Bytes.asList(bytes));
  }
}
