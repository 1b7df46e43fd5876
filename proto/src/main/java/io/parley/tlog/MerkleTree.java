package io.parley.tlog;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.security.MessageDigest;

/**
 * The hashes of RFC 6962, section 2.1, with SHA-256. Leaves and inner nodes begin with different
 * bytes, so that no node passes for a leaf. Stateless and thread-safe.
 */
public final class MerkleTree {
  /** The root of a tree without leaves. */
  public static final Digest EMPTY_ROOT = Digest.of(ByteString.EMPTY);

  /** Most leaves that a tree is taken for; keeps every sum of sizes within a long. */
  public static final long SIZE_MAX = 1L << 48;

  private static final byte LEAF = 0;
  private static final byte NODE = 1;

  private MerkleTree() {}

  /** {@code SHA-256(0x00 || entry)}. */
  public static Digest leaf(ByteString entry) {
    MessageDigest sha256 = Digest.newSha256();
    sha256.update(LEAF);
    entry.asReadOnlyByteBufferList().forEach(sha256::update);
    return Digest.ofValue(sha256.digest());
  }

  /** {@code SHA-256(0x01 || left || right)}. */
  public static Digest node(Digest left, Digest right) {
    MessageDigest sha256 = Digest.newSha256();
    sha256.update(NODE);
    sha256.update(left.value().asReadOnlyByteBuffer());
    sha256.update(right.value().asReadOnlyByteBuffer());
    return Digest.ofValue(sha256.digest());
  }
}
