package io.parley.wire;

import java.security.Provider;
import org.conscrypt.Conscrypt;

/**
 * Conscrypt (BoringSSL), which is fast from the first byte; what the JDK writes in Java stays slow
 * for seconds in a fresh process. It is handed over by reference: registering it would change what
 * every library in the process uses.
 */
public final class Conscrypted {
  /** Made when it is first needed: its native code is unpacked then. */
  public static final Provider PROVIDER = Conscrypt.newProvider();

  private Conscrypted() {}
}
