package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.security.GeneralSecurityException;
import java.security.ProviderException;
import java.security.SecureRandom;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * KEKs in an HSM, reached through PKCS#11: one AES-256 key per agreement, generated in the token,
 * labelled {@code parley-kek-} and the agreement's digest. It never leaves the token; data keys go
 * there to be wrapped with AES-256-GCM, their name as the associated data, and to be opened again.
 *
 * <p>A login that was lost is made anew by the next call: the one that finds out tries once more,
 * and fails with KEY_VAULT_FAILED while the token is away. A PIN that the token did not take is not
 * tried again until its file has another one, because tokens lock.
 *
 * <p>Layout of everything wrapped: one byte 2 (the version), 12 bytes nonce, 32 bytes ciphertext,
 * 16 bytes tag. A KEK is remembered as one byte 2 and its label. Thread-safe.
 */
public final class Pkcs11KeyVault implements KeyVault {
  private static final Logger LOG = LoggerFactory.getLogger(Pkcs11KeyVault.class);
  private static final byte VERSION = 2;
  private static final int KEY_BYTES = 32;
  private static final int NONCE_BYTES = 12;
  private static final int TAG_BYTES = 16;
  private static final int WRAPPED_BYTES = 1 + NONCE_BYTES + KEY_BYTES + TAG_BYTES;
  private static final String LABEL = "parley-kek-";

  private final TokenSettings settings;
  private final SecureRandom random;
  private final ReadWriteLock lock = new ReentrantReadWriteLock();
  private @Nullable Token login;
  private volatile @Nullable Token lost;
  private @Nullable Secret refusedPin;

  private Pkcs11KeyVault(TokenSettings settings, SecureRandom random) {
    this.settings = settings;
    this.random = random;
  }

  /**
   * Logs in to the token.
   *
   * @throws EnvironmentException KEY_VAULT_FAILED; IO_FAILED for the PIN's file
   */
  public static Pkcs11KeyVault open(TokenSettings settings, SecureRandom random) {
    Pkcs11KeyVault vault = new Pkcs11KeyVault(settings, random);
    vault.renew();
    return vault;
  }

  @Override
  public boolean made(ByteString kek) {
    return isReference(kek);
  }

  static boolean isReference(ByteString kek) {
    return !kek.isEmpty() && kek.byteAt(0) == VERSION;
  }

  @Override
  public ByteString createKek(Digest agreement) {
    String label = label(agreement);
    // One that is there is left over from an activation that did not come about: it wraps nothing.
    var _ =
        inToken(token -> {
          token.generate(label);
          return label;
        });
    return reference(agreement);
  }

  @Override
  public ByteString wrap(ByteString kek, KeyName name, Secret key) {
    if (key.sizeBytes() != KEY_BYTES) {
      throw new BugException("only keys of %d bytes are wrapped".formatted(KEY_BYTES));
    }
    requireKek(kek, name.agreement());
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    byte[] sealed =
        inToken(token -> token.encrypt(label(name.agreement()), nonce, name.context(), key));
    return ByteString.copyFrom(new byte[] {VERSION})
        .concat(ByteString.copyFrom(nonce))
        .concat(ByteString.copyFrom(sealed));
  }

  @Override
  public Secret unwrap(ByteString kek, KeyName name, ByteString wrapped) {
    requireKek(kek, name.agreement());
    if (wrapped.size() != WRAPPED_BYTES || wrapped.byteAt(0) != VERSION) {
      throw foreign();
    }
    String label = label(name.agreement());
    byte[] nonce = wrapped.substring(1, 1 + NONCE_BYTES).toByteArray();
    byte[] sealed = wrapped.substring(1 + NONCE_BYTES).toByteArray();
    return inToken(token -> {
      try {
        return token.decrypt(label, nonce, name.context(), sealed);
      } catch (GeneralSecurityException | ProviderException e) {
        // What tokens say of a tag that is wrong differs; whether they work otherwise does not.
        if (works(token, label)) {
          throw foreign();
        }
        throw e;
      }
    });
  }

  @Override
  public void destroyKek(Digest agreement) {
    var _ =
        inToken(token -> {
          token.delete(label(agreement));
          return agreement;
        });
  }

  @Override
  public void close() {
    lock.writeLock().lock();
    try {
      leave();
      if (refusedPin != null) {
        refusedPin.close();
        refusedPin = null;
      }
    } finally {
      lock.writeLock().unlock();
    }
  }

  private boolean works(Token token, String label) {
    byte[] nonce = new byte[NONCE_BYTES];
    random.nextBytes(nonce);
    try (Secret probe = Secret.random(KEY_BYTES, random)) {
      byte[] sealed = token.encrypt(label, nonce, nonce, probe);
      try (Secret back = token.decrypt(label, nonce, nonce, sealed)) {
        return back.equals(probe);
      }
    } catch (GeneralSecurityException | ProviderException e) {
      return false;
    }
  }

  /** Once with the login that we have, and when that is lost, once with a new one. */
  private <T> T inToken(Use<T> use) {
    try {
      return inLogin(use);
    } catch (GeneralSecurityException | ProviderException e) {
      LOG.warn("token '{}' failed; logging in again", settings.label(), e);
    }
    try {
      return inLogin(use);
    } catch (GeneralSecurityException | ProviderException e) {
      throw failed(e.getMessage() == null ? e.toString() : e.getMessage(), e);
    }
  }

  private <T> T inLogin(Use<T> use) throws GeneralSecurityException {
    Token token = enter();
    try {
      return use.with(token);
    } catch (GeneralSecurityException | ProviderException e) {
      lost = token;
      throw e;
    } finally {
      lock.readLock().unlock();
    }
  }

  /**
   * A login that was not lost, and the lock that keeps it. Nobody logs in anew while somebody uses
   * the token: handles of keys and sessions are numbers, which a library that is initialised again
   * gives to others.
   */
  private Token enter() {
    while (true) {
      lock.readLock().lock();
      Token token = login;
      if (token != null && token != lost) {
        return token;
      }
      lock.readLock().unlock();
      renew();
    }
  }

  private void renew() {
    lock.writeLock().lock();
    try {
      if (login != null && login != lost) {
        return;
      }
      leave();
      login = login();
      LOG.info("keys: logged in to token '{}' of {}", settings.label(), settings.library());
    } finally {
      lock.writeLock().unlock();
    }
  }

  private void leave() {
    if (login != null) {
      login.close();
      login = null;
    }
  }

  private Token login() {
    try (Secret pin = Token.pin(settings.pinFile())) {
      if (pin.equals(refusedPin)) {
        throw failed(
            "it did not take the PIN in %s, which is not tried again, so that the token does not lock;"
                    .formatted(settings.pinFile())
                + " put the right PIN there",
            null);
      }
      return login(pin);
    }
  }

  private Token login(Secret pin) {
    try {
      return Token.login(settings, pin);
    } catch (Token.WrongPinException e) {
      refusedPin = pin.copy();
      throw failed(
          "it does not take the PIN in %s; put the right PIN there".formatted(settings.pinFile()),
          e);
    } catch (TokenException e) {
      throw failed(e.getMessage() == null ? e.toString() : e.getMessage(), e);
    }
  }

  private void requireKek(ByteString kek, Digest agreement) {
    if (!made(kek)) {
      throw new EnvironmentException(
          Reason.KEY_VAULT_FAILED,
          "the KEK of agreement %s is in another vault than broker.yaml says; put 'keys:' back, or move"
                  .formatted(agreement)
              + " the keys with 'key-broker rewrap'",
          Map.of("agreement", agreement.toString()));
    }
    if (!kek.equals(reference(agreement))) {
      throw foreign();
    }
  }

  private static String label(Digest agreement) {
    return LABEL + agreement.hex();
  }

  private static ByteString reference(Digest agreement) {
    return ByteString.copyFrom(new byte[] {VERSION})
        .concat(ByteString.copyFromUtf8(label(agreement)));
  }

  private EnvironmentException failed(String why, @Nullable Throwable cause) {
    return new EnvironmentException(
        Reason.KEY_VAULT_FAILED,
        "the broker's HSM, token '%s', cannot be used: %s".formatted(settings.label(), why),
        Map.of("token", settings.label()),
        cause);
  }

  /** One message for every cause. */
  private static EnvironmentException foreign() {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "a stored key does not open: broker.db and the HSM's token are not of one broker, or were"
            + " changed; put both back from one backup",
        Map.of());
  }

  @FunctionalInterface
  private interface Use<T> {
    T with(Token token) throws GeneralSecurityException;
  }
}
