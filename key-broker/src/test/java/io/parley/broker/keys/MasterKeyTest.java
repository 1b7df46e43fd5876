package io.parley.broker.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.EnvironmentException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MasterKeyTest {
  private static final ByteString BYTES = ByteString.copyFromUtf8("bytes");

  @TempDir Path folder;
  private Path file;

  @BeforeEach
  void create() {
    file = folder.resolve("master.key");
    MasterKey.create(file, new SecureRandom());
  }

  @Test
  void isReadableByItsOwnerOnlyAndLoadsAgain() throws Exception {
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    assertThat(MasterKey.load(file).mac("a", BYTES))
        .isEqualTo(MasterKey.load(file).mac("a", BYTES));
  }

  @Test
  void eachPurposeHasItsOwnKey() {
    MasterKey key = MasterKey.load(file);
    assertThat(key.mac("a", BYTES)).isNotEqualTo(key.mac("b", BYTES));
    assertThat(key.derive("a")).isNotEqualTo(key.derive("b"));
  }

  @Test
  void isNeverOverwritten() throws Exception {
    byte[] before = Files.readAllBytes(file);
    assertThatThrownBy(() -> MasterKey.create(file, new SecureRandom()))
        .isInstanceOf(EnvironmentException.class);
    assertThat(Files.readAllBytes(file)).isEqualTo(before);
  }

  @ParameterizedTest
  @ValueSource(strings = {"rw-r-----", "rw----r--", "rw--w----", "rwx------", "rw-rw-rw-"})
  void openToOthersIsRefused(String mode) throws Exception {
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(mode));
    assertThatThrownBy(() -> MasterKey.load(file))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("chmod 600");
  }

  @Test
  void aLinkToItIsRefused() throws Exception {
    Path link = folder.resolve("link");
    Files.createSymbolicLink(link, file);
    assertThatThrownBy(() -> MasterKey.load(link)).hasMessageContaining("no plain file");
  }

  @Test
  void anotherLengthIsRefused() throws Exception {
    Files.write(file, new byte[31]);
    assertThatThrownBy(() -> MasterKey.load(file)).hasMessageContaining("31 bytes");
  }

  @Test
  void anotherOwnerIsRefused() throws Exception {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        Integer.valueOf(0).equals(Files.getAttribute(Path.of("/proc/self"), "unix:uid")),
        "only root can give files away");
    Files.setAttribute(file, "unix:uid", 64_200);
    assertThatThrownBy(() -> MasterKey.load(file)).hasMessageContaining("belongs to user 64200");
  }
}
