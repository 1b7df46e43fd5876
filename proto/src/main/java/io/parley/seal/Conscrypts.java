package io.parley.seal;

import io.parley.wire.BugException;
import io.parley.wire.Conscrypted;
import java.security.GeneralSecurityException;
import javax.crypto.Cipher;

/** Conscrypt's AES-GCM: for a single key five times as fast as the JDK's. */
public final class Conscrypts {
  private Conscrypts() {}

  public static Cipher aesGcm() {
    try {
      return Cipher.getInstance("AES/GCM/NoPadding", Conscrypted.PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt has AES/GCM/NoPadding", e);
    }
  }
}
