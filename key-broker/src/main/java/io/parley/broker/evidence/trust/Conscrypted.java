package io.parley.broker.evidence.trust;

import java.security.Provider;
import org.conscrypt.Conscrypt;

/**
 * Conscrypt, made when it is first needed: its native code may be unpacked after the classes that
 * use it are loaded.
 */
final class Conscrypted {
  static final Provider PROVIDER = Conscrypt.newProvider();

  private Conscrypted() {}
}
