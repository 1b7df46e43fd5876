package io.parley.transport;

import io.parley.identity.CaCertificate;
import io.parley.identity.Caller;
import io.parley.identity.CertificateCheck;
import io.parley.identity.Role;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;

/**
 * The one caller that an enclave server lets in: its own party's peer node, by the CA that issued
 * the server's own certificate. No membership list is asked. Immutable.
 */
public record OwnNode(String party, CaCertificate ca) {
  /**
   * Checks the chain that a client showed.
   *
   * @throws RefusedException UNAUTHENTICATED when it is anybody else's
   */
  Caller check(List<X509Certificate> chain, Instant now) {
    Caller caller = CertificateCheck.verify(chain, any -> ca, CertificateCheck.Use.CLIENT, now);
    if (caller.role() != Role.NODE || !caller.party().equals(party)) {
      throw new RefusedException(
          Reason.UNAUTHENTICATED,
          "caller is %s; expected the node of '%s'".formatted(caller, party),
          Map.of("expected", party, "seen", caller.toString()));
    }
    return caller;
  }
}
