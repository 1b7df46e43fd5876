package io.parley.identity;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/**
 * All that makes a broker one: a folder with its CA, its server certificate, and the Ed25519 key
 * that agreements name. Never printed.
 *
 * @param tls what its server shows
 * @param signingKey signs grants and receipts
 */
public record BrokerIdentity(TlsIdentity tls, SigningKey signingKey) {
  private static final String CA_CERTIFICATE = "ca.crt";
  private static final String CA_KEY = "ca.key";
  private static final String CERTIFICATE = "broker.crt";
  private static final String KEY = "broker.key";
  private static final String SIGNING_KEY = "signing.key";

  public BrokerIdentity {
    if (tls.caller().role() != Role.BROKER) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "certificate of %s is not a broker's".formatted(tls.caller()),
          Map.of("caller", tls.caller().toString()));
    }
  }

  /** A fresh identity, in memory. */
  public static BrokerIdentity generate(String name, InstantSource clock, SecureRandom random) {
    return of(name, CertificateAuthority.create(name, clock, random), random);
  }

  private static BrokerIdentity of(String name, CertificateAuthority ca, SecureRandom random) {
    return new BrokerIdentity(
        ca.issue(Caller.broker(name), CertificateAuthority.LEAF_VALIDITY),
        SigningKey.generate(random));
  }

  /**
   * A fresh identity, in a folder that is whole or not there.
   *
   * @throws RefusedException ALREADY_EXISTS when the folder is there and not empty
   */
  public static BrokerIdentity create(
      Path folder, String name, InstantSource clock, SecureRandom random) {
    CertificateAuthority ca = CertificateAuthority.create(name, clock, random);
    BrokerIdentity identity = of(name, ca, random);
    PrivateFiles.createFolder(
        folder,
        fresh -> {
          ca.write(fresh.resolve(CA_CERTIFICATE), fresh.resolve(CA_KEY));
          identity.tls().write(fresh.resolve(CERTIFICATE), fresh.resolve(KEY));
          KeyFiles.create(fresh.resolve(SIGNING_KEY), identity.signingKey());
        });
    return identity;
  }

  /**
   * From a folder, as {@link #create} made it. The CA's key is not read.
   *
   * @throws RefusedException INVALID_CONFIG when a file is open to others, or does not belong to
   *     the others
   */
  public static BrokerIdentity load(Path folder) {
    return new BrokerIdentity(
        TlsIdentity.load(folder.resolve(CERTIFICATE), folder.resolve(KEY)),
        KeyFiles.loadSigning(folder.resolve(SIGNING_KEY)));
  }

  /**
   * Renews the server's certificate in a folder, which takes the CA's key; the server's key stays.
   * A running broker shows the old one until it is started again.
   */
  public static TlsIdentity renew(
      Path folder, Duration validity, InstantSource clock, SecureRandom random) {
    CertificateAuthority ca =
        CertificateAuthority.load(
            folder.resolve(CA_CERTIFICATE), folder.resolve(CA_KEY), clock, random);
    TlsIdentity renewed = ca.renew(load(folder).tls(), validity);
    renewed.replace(folder.resolve(CERTIFICATE));
    return renewed;
  }

  public String name() {
    return tls.caller().name();
  }

  /** What membership lists say of it. */
  public Broker broker(String address) {
    return new Broker(name(), signingKey.verifyingKey(), tls.ca(), address);
  }
}
