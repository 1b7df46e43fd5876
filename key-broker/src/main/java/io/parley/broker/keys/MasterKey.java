package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Set;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * The broker's master secret: 32 random bytes in a file that only the broker's user may read.
 * Whoever has it and the database has every data key; without it the database is worthless.
 *
 * <p>Each use has its own key, derived from it. Thread-safe.
 */
public final class MasterKey implements AutoCloseable {
  private static final String WHAT = "master key";
  private static final int SIZE_BYTES = 32;
  private static final int SIZE_BYTES_MAX = 1024;
  private static final Set<PosixFilePermission> OWNER_ONLY =
      EnumSet.of(PosixFilePermission.OWNER_READ, PosixFilePermission.OWNER_WRITE);

  private final Secret secret;

  private MasterKey(Secret secret) {
    this.secret = secret;
  }

  /**
   * Writes a fresh one, mode 0600.
   *
   * @throws EnvironmentException IO_FAILED; also when the file exists, which is never overwritten
   */
  public static void create(Path file, SecureRandom random) {
    byte[] bytes = new byte[SIZE_BYTES];
    random.nextBytes(bytes);
    try (var out =
        Files.newByteChannel(
            file,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(OWNER_ONLY))) {
      var buffer = java.nio.ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        out.write(buffer);
      }
    } catch (IOException e) {
      throw new PrivateFile(file, WHAT).failed("cannot be created: " + e.getMessage(), e);
    } finally {
      Arrays.fill(bytes, (byte) 0);
    }
  }

  /**
   * Reads it.
   *
   * @throws EnvironmentException IO_FAILED when it is missing, no plain file, not 32 bytes long, of
   *     another owner than this process, or open to group or others
   */
  public static MasterKey load(Path file) {
    PrivateFile plain = new PrivateFile(file, WHAT);
    Secret secret = plain.read(SIZE_BYTES_MAX);
    if (secret.sizeBytes() != SIZE_BYTES) {
      secret.close();
      throw plain.failed(
          "is %d bytes long; expected %d".formatted(secret.sizeBytes(), SIZE_BYTES), null);
    }
    return new MasterKey(secret);
  }

  /** A fresh one that is kept nowhere; for rehearsals. */
  public static MasterKey ephemeral(SecureRandom random) {
    return new MasterKey(Secret.random(SIZE_BYTES, random));
  }

  /** A MAC over the bytes under the key of this purpose. */
  public ByteString mac(String purpose, ByteString bytes) {
    try (Secret key = derive(purpose)) {
      return key.use(raw -> ByteString.copyFrom(hmac(raw, bytes.toByteArray())));
    }
  }

  /**
   * The pair that messages of this purpose are sealed to; always the same. The caller closes it.
   */
  public HpkeKeyPair receiveKey(String purpose) {
    return HpkeKeyPair.of(HpkeSuite.XWING, derive(purpose));
  }

  /** The key of this purpose: HKDF-Expand (RFC 5869) of the master secret, one block. */
  Secret derive(String purpose) {
    byte[] info = (purpose + "\1").getBytes(StandardCharsets.UTF_8);
    return Secret.moveFrom(secret.use(raw -> hmac(raw, info)));
  }

  @Override
  public void close() {
    secret.close();
  }

  private static byte[] hmac(byte[] key, byte[] bytes) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(bytes);
    } catch (GeneralSecurityException e) {
      throw new BugException("every JDK has HMAC-SHA-256", e);
    }
  }
}
