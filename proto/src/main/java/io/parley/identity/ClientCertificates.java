package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;

/** Certificates that a party issues to its own people and programs. */
public final class ClientCertificates {
  private ClientCertificates() {}

  /**
   * A fresh one. Keep it with {@link TlsIdentity#write}.
   *
   * @throws RefusedException INVALID_REQUEST when {@code role} is no client's, or {@code name} no
   *     label
   */
  public static TlsIdentity issue(PartyIdentity party, Role role, String name, Duration validity) {
    if ((role != Role.ANALYST && role != Role.OPERATOR) || !Names.isLabel(name)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "cannot issue %s '%s'; expected analyst or operator, and a name of lower-case letters, digits and hyphens"
              .formatted(role.text(), name),
          Map.of("role", role.text(), "name", name));
    }
    return party.ca().issue(new Caller(party.name(), role, name), validity);
  }

  /** Renews the certificate in these files; its key stays. */
  public static TlsIdentity renew(
      PartyIdentity party, Path certificateFile, Path keyFile, Duration validity) {
    TlsIdentity renewed = party.ca().renew(TlsIdentity.load(certificateFile, keyFile), validity);
    renewed.replace(certificateFile);
    return renewed;
  }
}
