package io.parley.transport;

import io.parley.identity.CaCertificate;
import io.parley.identity.Caller;
import io.parley.identity.CertificateCheck;
import io.parley.identity.Membership;
import io.parley.identity.Role;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** Whom a client wants at the other end; anybody else is refused in the handshake. */
public sealed interface ExpectedServer {
  /**
   * Checks the chain that a server showed.
   *
   * @throws RefusedException when it is somebody else's
   */
  void check(List<X509Certificate> chain, Instant now);

  /**
   * Whether it is still somebody to talk to; asked before every call.
   *
   * @throws RefusedException NOT_A_MEMBER when it is not
   */
  void checkStillExpected();

  /** The peer node of this party, by the current membership list. */
  record NodeOf(String party, Supplier<Membership> members) implements ExpectedServer {
    @Override
    public void check(List<X509Certificate> chain, Instant now) {
      Caller server =
          CertificateCheck.verify(chain, members.get()::caOf, CertificateCheck.Use.SERVER, now);
      if (server.role() != Role.NODE || !server.party().equals(party)) {
        throw another(toString(), server);
      }
    }

    @Override
    public void checkStillExpected() {
      members.get().member(party);
    }

    @Override
    public String toString() {
      return "node of '%s'".formatted(party);
    }
  }

  /** The broker of the current membership list. */
  record TheBroker(Supplier<Membership> members) implements ExpectedServer {
    @Override
    public void check(List<X509Certificate> chain, Instant now) {
      Caller server =
          CertificateCheck.verify(chain, members.get()::caOf, CertificateCheck.Use.SERVER, now);
      if (server.role() != Role.BROKER) {
        throw another(toString(), server);
      }
    }

    @Override
    public void checkStillExpected() {
      // There is one in every list; which, the handshake has found out.
    }

    @Override
    public String toString() {
      return "the broker";
    }
  }

  /** The enclave server of this name, of the party whose CA this is. */
  record EnclaveOf(String party, String name, CaCertificate ca) implements ExpectedServer {
    @Override
    public void check(List<X509Certificate> chain, Instant now) {
      Caller server = CertificateCheck.verify(chain, any -> ca, CertificateCheck.Use.SERVER, now);
      if (!server.equals(new Caller(party, Role.ENCLAVE, name))) {
        throw another(toString(), server);
      }
    }

    @Override
    public void checkStillExpected() {
      // The name and the CA do not change while a node runs.
    }

    @Override
    public String toString() {
      return "enclave server '%s' of '%s'".formatted(name, party);
    }
  }

  /**
   * The peer node of this party, by the fingerprint of its CA alone: for who has no membership list
   * yet. The server shows its CA after its own certificate.
   */
  record Pinned(String party, Digest caSha256) implements ExpectedServer {
    @Override
    public void check(List<X509Certificate> chain, Instant now) {
      CaCertificate ca =
          chain.stream()
              .skip(1)
              .filter(c -> c.getBasicConstraints() >= 0)
              .map(CaCertificate::new)
              .filter(c -> c.sha256().equals(caSha256))
              .findFirst()
              .orElseThrow(() ->
                  new RefusedException(
                      Reason.UNAUTHENTICATED,
                      "server does not show the CA %s of '%s'; it is not who invited, or its CA is new"
                          .formatted(caSha256, party),
                      Map.of("expected", caSha256.toString(), "party", party)));
      Caller server =
          CertificateCheck.verify(chain, caller -> ca, CertificateCheck.Use.SERVER, now);
      if (server.role() != Role.NODE || !server.party().equals(party)) {
        throw another(toString(), server);
      }
    }

    @Override
    public void checkStillExpected() {
      // The pin does not change.
    }

    @Override
    public String toString() {
      return "node of '%s' under CA %s".formatted(party, caSha256);
    }
  }

  private static RefusedException another(String expected, Caller seen) {
    return new RefusedException(
        Reason.UNAUTHENTICATED,
        "server is %s; expected %s; check the address".formatted(seen, expected),
        Map.of("expected", expected, "seen", seen.toString()));
  }
}
