package io.parley.broker.keys;

import io.parley.seal.Secret;
import io.parley.wire.BugException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.AuthProvider;
import java.security.GeneralSecurityException;
import java.security.InvalidParameterException;
import java.security.KeyStore;
import java.security.Provider;
import java.security.ProviderException;
import java.security.Security;
import java.util.Arrays;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;
import javax.crypto.SecretKey;
import javax.crypto.spec.GCMParameterSpec;
import javax.security.auth.login.LoginException;
import org.jspecify.annotations.Nullable;

/**
 * One login to an HSM's token, through the JDK's SunPKCS11. AES-256 keys are generated in the
 * token, sensitive and not extractable, and used there. Thread-safe; a login that was lost stays
 * lost, and every use of it fails.
 */
final class Token implements AutoCloseable {
  private static final int PIN_BYTES_MAX = 256;
  private static final int KEY_BITS = 256;
  private static final int TAG_BITS = 128;
  private static final int CACHED_MAX = 4096;
  // Providers are told apart by name.
  private static final AtomicLong LOGINS = new AtomicLong();

  private final Provider provider;
  private final KeyStore keys;
  private final Map<String, SecretKey> cached = new ConcurrentHashMap<>();

  private Token(Provider provider, KeyStore keys) {
    this.provider = provider;
    this.keys = keys;
  }

  /**
   * Finds the token and logs in.
   *
   * @throws TokenException when it is not there, or there twice
   * @throws WrongPinException when it does not take the PIN
   */
  static Token login(TokenSettings settings, Secret pin) throws TokenException {
    Provider provider = provider(settings.library(), slot(settings));
    char[] characters = pin.use(Token::characters);
    try {
      KeyStore keys = KeyStore.getInstance("PKCS11", provider);
      keys.load(null, characters);
      return new Token(provider, keys);
    } catch (IOException e) {
      if (isLogin(e)) {
        throw new WrongPinException(settings.label(), e);
      }
      throw new TokenException("token '%s' cannot be read".formatted(settings.label()), e);
    } catch (GeneralSecurityException | ProviderException e) {
      throw new TokenException("token '%s' cannot be read".formatted(settings.label()), e);
    } finally {
      Arrays.fill(characters, '\0');
    }
  }

  /** The PIN in its private file, without the line's end. */
  static Secret pin(Path file) {
    try (Secret content = new PrivateFile(file, "PIN file").read(PIN_BYTES_MAX)) {
      return content.use(bytes -> {
        int end = bytes.length;
        while (end > 1 && (bytes[end - 1] == '\n' || bytes[end - 1] == '\r')) {
          end--;
        }
        return Secret.moveFrom(Arrays.copyOf(bytes, end));
      });
    }
  }

  /** Whether the token has a key of this label. */
  boolean has(String label) throws GeneralSecurityException {
    synchronized (keys) {
      return keys.containsAlias(label);
    }
  }

  /** Generates the key of this label; one that is there is replaced. */
  void generate(String label) throws GeneralSecurityException {
    KeyGenerator generator = KeyGenerator.getInstance("AES", provider);
    generator.init(KEY_BITS);
    SecretKey fresh = generator.generateKey();
    synchronized (keys) {
      delete(label);
      keys.setEntry(label, new KeyStore.SecretKeyEntry(fresh), null);
    }
    if (key(label).getEncoded() != null) {
      throw new BugException("a KEK can be taken out of its token");
    }
  }

  /** Deletes the key of this label. No effect when there is none. */
  void delete(String label) throws GeneralSecurityException {
    synchronized (keys) {
      cached.remove(label);
      if (keys.containsAlias(label)) {
        keys.deleteEntry(label);
      }
    }
  }

  /** AES-256-GCM in the token. */
  byte[] encrypt(String label, byte[] nonce, byte[] context, Secret plaintext)
      throws GeneralSecurityException {
    Cipher cipher = cipher(Cipher.ENCRYPT_MODE, label, nonce, context);
    return plaintext.<byte[], GeneralSecurityException>use(cipher::doFinal);
  }

  /** And back. */
  Secret decrypt(String label, byte[] nonce, byte[] context, byte[] ciphertext)
      throws GeneralSecurityException {
    return Secret.moveFrom(cipher(Cipher.DECRYPT_MODE, label, nonce, context).doFinal(ciphertext));
  }

  @Override
  public void close() {
    if (provider instanceof AuthProvider loggedIn) {
      try {
        loggedIn.logout();
      } catch (LoginException | ProviderException e) {
        // Lost before; there is nothing left to end.
      }
    }
  }

  private Cipher cipher(int mode, String label, byte[] nonce, byte[] context)
      throws GeneralSecurityException {
    Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding", provider);
    cipher.init(mode, key(label), new GCMParameterSpec(TAG_BITS, nonce));
    cipher.updateAAD(context);
    return cipher;
  }

  private SecretKey key(String label) throws GeneralSecurityException {
    SecretKey known = cached.get(label);
    if (known != null) {
      return known;
    }
    synchronized (keys) {
      if (!(keys.getKey(label, null) instanceof SecretKey key)) {
        throw new GeneralSecurityException("the token has no key '%s'".formatted(label));
      }
      if (cached.size() >= CACHED_MAX) {
        cached.clear();
      }
      cached.put(label, key);
      return key;
    }
  }

  private static long slot(TokenSettings settings) throws TokenException {
    Cryptoki library = Cryptoki.load(settings.library());
    // The library may have been finalised, or its device restarted, since the provider did this.
    library.initialize();
    Map<String, Long> slots = library.slotsByLabel();
    @Nullable Long slot = slots.get(settings.label());
    if (slot == null) {
      throw new TokenException(
          "%s has no token labelled '%s'; it has %s"
              .formatted(settings.library(), settings.label(), slots.keySet()));
    }
    if (slot < 0) {
      throw new TokenException(
          "%s has two tokens labelled '%s'; give one another label"
              .formatted(settings.library(), settings.label()));
    }
    return slot;
  }

  /** Its configuration is handed over as text: there is no file of it. */
  private static Provider provider(Path library, long slot) throws TokenException {
    String configuration =
        """
        --name = parley-%d
        library = %s
        slot = %d
        attributes(generate, CKO_SECRET_KEY, CKK_AES) = {
          CKA_SENSITIVE = true
          CKA_EXTRACTABLE = false
          CKA_ENCRYPT = true
          CKA_DECRYPT = true
          CKA_WRAP = false
          CKA_UNWRAP = false
          CKA_SIGN = false
          CKA_VERIFY = false
          CKA_DERIVE = false
        }
        """
            .formatted(LOGINS.incrementAndGet(), library, slot);
    try {
      return Security.getProvider("SunPKCS11").configure(configuration);
    } catch (InvalidParameterException | ProviderException e) {
      throw new TokenException("%s cannot be used".formatted(library), e);
    }
  }

  private static boolean isLogin(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof LoginException) {
        return true;
      }
    }
    return false;
  }

  private static char[] characters(byte[] utf8) {
    CharBuffer decoded = StandardCharsets.UTF_8.decode(ByteBuffer.wrap(utf8));
    char[] characters = new char[decoded.remaining()];
    decoded.get(characters);
    Arrays.fill(decoded.array(), '\0');
    return characters;
  }

  /** The token does not take the PIN; a few more times, and most would lock. */
  static final class WrongPinException extends TokenException {
    @java.io.Serial private static final long serialVersionUID = 1L;

    WrongPinException(String label, Throwable cause) {
      super("token '%s' does not take the PIN".formatted(label), cause);
    }
  }
}
