package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.Conscrypted;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/** Conscrypt's AES-GCM. */
final class Conscrypts {
  private Conscrypts() {}

  static Cipher aesGcm() {
    try {
      return Cipher.getInstance("AES/GCM/NoPadding", Conscrypted.PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt has AES/GCM/NoPadding", e);
    }
  }
}
