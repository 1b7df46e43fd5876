package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.bouncycastle.crypto.hpke.HPKE;

/**
 * A whole HPKE suite (RFC 9180): the KEM named here, HKDF-SHA256, AES-256-GCM, base mode. Never
 * negotiated inside an envelope: an envelope names its suite, and a key belongs to one.
 */
public enum HpkeSuite {
  /** X25519 with ML-KEM-768 (draft-connolly-cfrg-xwing-kem); the default. */
  XWING(HPKE.kem_X_WING, 1216, 1120),
  /** DHKEM(X25519, HKDF-SHA256). */
  X25519(HPKE.kem_X25519_SHA256, 32, 32);

  /** A private key of either suite: an X25519 scalar, or X-Wing's seed. */
  public static final int PRIVATE_KEY_SIZE_BYTES = 32;

  /** What a ciphertext is longer than its message. */
  static final int TAG_SIZE_BYTES = 16;

  private final short kemId;
  private final int publicKeySizeBytes;
  private final int encSizeBytes;

  HpkeSuite(short kemId, int publicKeySizeBytes, int encSizeBytes) {
    this.kemId = kemId;
    this.publicKeySizeBytes = publicKeySizeBytes;
    this.encSizeBytes = encSizeBytes;
  }

  /** The KEM's number in the IANA HPKE registry. */
  public int kemId() {
    return Short.toUnsignedInt(kemId);
  }

  /** {@code Npk}. */
  public int publicKeySizeBytes() {
    return publicKeySizeBytes;
  }

  /** {@code Nenc}. */
  public int encSizeBytes() {
    return encSizeBytes;
  }

  /** As Conscrypt names it. */
  String conscryptName() {
    return switch (this) {
      case XWING -> "XWING/HKDF_SHA256/AES_256_GCM";
      case X25519 -> "DHKEM_X25519_HKDF_SHA256/HKDF_SHA256/AES_256_GCM";
    };
  }

  /** A fresh engine; they are not thread-safe. */
  HPKE engine() {
    return new HPKE(HPKE.mode_base, kemId, HPKE.kdf_HKDF_SHA256, HPKE.aead_AES_GCM256);
  }

  public io.parley.proto.agreement.v1.HpkeSuite toMessage() {
    return switch (this) {
      case XWING -> io.parley.proto.agreement.v1.HpkeSuite.HPKE_SUITE_XWING;
      case X25519 -> io.parley.proto.agreement.v1.HpkeSuite.HPKE_SUITE_X25519;
    };
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_REQUEST for a suite that this version does not know
   */
  public static HpkeSuite fromMessage(io.parley.proto.agreement.v1.HpkeSuite suite) {
    return switch (suite) {
      case HPKE_SUITE_XWING -> XWING;
      case HPKE_SUITE_X25519 -> X25519;
      case HPKE_SUITE_UNSPECIFIED, UNRECOGNIZED ->
          throw new RefusedException(
              Reason.INVALID_REQUEST,
              "HPKE suite %s; expected XWING or X25519".formatted(suite),
              Map.of("suite", suite.toString()));
    };
  }

  void checkSize(String what, int expected, int came) {
    if (came != expected) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "%s for suite %s is %d bytes long; expected %d".formatted(what, this, came, expected),
          Map.of("suite", name(), "size", Integer.toString(came)));
    }
  }

  static BugException broken(Exception cause) {
    return new BugException("HPKE failed on input that was checked", cause);
  }
}
