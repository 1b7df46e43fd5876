package io.parley.seal;

import io.parley.wire.BugException;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.Provider;
import javax.crypto.Cipher;
import org.conscrypt.Conscrypt;

/**
 * Conscrypt's AES-GCM and SHA-256, which are fast from the first byte; the JDK's own stay slow for
 * seconds in a fresh process, and every enclave is one. The provider is handed over by reference:
 * registering it would change what every library in the process uses.
 */
final class Conscrypts {
  static final Provider PROVIDER = Conscrypt.newProvider();

  private Conscrypts() {}

  static Cipher aesGcm() {
    try {
      return Cipher.getInstance("AES/GCM/NoPadding", PROVIDER);
    } catch (GeneralSecurityException e) {
      throw new BugException("Conscrypt has AES/GCM/NoPadding", e);
    }
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256", PROVIDER);
    } catch (NoSuchAlgorithmException e) {
      throw new BugException("Conscrypt has SHA-256", e);
    }
  }
}
