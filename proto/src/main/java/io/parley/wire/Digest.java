package io.parley.wire;

import com.google.protobuf.ByteString;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Map;
import java.util.Objects;

/**
 * A SHA-256 digest, 32 bytes. Its text is {@code sha256:} and 64 lower-case hex digits.
 *
 * <p>Immutable. {@code equals} is not constant-time: a digest is public.
 */
public record Digest(ByteString value) {
  /** Length of a digest. */
  public static final int SIZE_BYTES = 32;

  private static final String PREFIX = "sha256:";

  public Digest {
    Objects.requireNonNull(value, "value");
    if (value.size() != SIZE_BYTES) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "digest is %d bytes long; expected %d".formatted(value.size(), SIZE_BYTES),
          Map.of("size", Integer.toString(value.size())));
    }
  }

  /** The digest of these bytes. */
  public static Digest of(byte[] bytes) {
    return new Digest(ByteString.copyFrom(newSha256().digest(bytes)));
  }

  /** The digest of these bytes. */
  public static Digest of(ByteString bytes) {
    MessageDigest sha256 = newSha256();
    bytes.asReadOnlyByteBufferList().forEach(sha256::update);
    return new Digest(ByteString.copyFrom(sha256.digest()));
  }

  /** From 32 raw bytes, as messages carry it. */
  public static Digest ofValue(byte[] value) {
    return new Digest(ByteString.copyFrom(value));
  }

  /**
   * From text.
   *
   * @throws RefusedException INVALID_REQUEST when it is not {@code sha256:} and 64 lower-case hex
   *     digits
   */
  public static Digest parse(String text) {
    if (!text.matches(PREFIX + "[0-9a-f]{64}")) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "'%s' is not a digest; expected sha256: and 64 lower-case hex digits".formatted(text),
          Map.of("digest", text));
    }
    return ofValue(HexFormat.of().parseHex(text, PREFIX.length(), text.length()));
  }

  /** The 64 hex digits. */
  public String hex() {
    return HexFormat.of().formatHex(value.toByteArray());
  }

  @Override
  public String toString() {
    return PREFIX + hex();
  }

  /**
   * A fresh SHA-256, for what is too large to hold: 1.6 GB a second, where the JDK's does 120 MB in
   * a process without the second compiler, which all of ours but a broker are.
   */
  public static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256", Conscrypted.PROVIDER);
    } catch (NoSuchAlgorithmException e) {
      throw new BugException("Conscrypt has SHA-256", e);
    }
  }
}
