package io.parley.identity;

import io.parley.agreement.Party;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;

/**
 * All that makes a party one: a folder with its CA, its node's certificate, and its keys for
 * signing, for results, for its simulated platform and for its witness. For the operator's command;
 * a node loads {@link NodeIdentity} instead.
 *
 * <p>Closing wipes the Ed25519 and HPKE keys. Never printed.
 */
public final class PartyIdentity implements AutoCloseable {
  static final String CA_CERTIFICATE = "ca.crt";
  static final String CA_KEY = "ca.key";
  static final String NODE_CERTIFICATE = "node.crt";
  static final String NODE_KEY = "node.key";
  static final String SIGNING_KEY = "signing.key";
  static final String RESULT_KEY = "result.key";
  static final String PLATFORM_KEY = "platform.key";
  static final String WITNESS_KEY = "witness.key";

  private final NodeIdentity node;
  private final CertificateAuthority ca;
  private final SigningKey signingKey;
  private final HpkeKeyPair resultKey;

  private PartyIdentity(
      NodeIdentity node, CertificateAuthority ca, SigningKey signingKey, HpkeKeyPair resultKey) {
    this.node = node;
    this.ca = ca;
    this.signingKey = signingKey;
    this.resultKey = resultKey;
    if (!node.tls().ca().equals(ca.certificate())) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "node's certificate of '%s' is of another CA than ca.crt".formatted(node.party()),
          Map.of("party", node.party()));
    }
  }

  /** A fresh identity, in memory, whose results are sealed with X-Wing. */
  public static PartyIdentity generate(String party, InstantSource clock, SecureRandom random) {
    return generate(party, HpkeSuite.XWING, clock, random);
  }

  /** A fresh identity, in memory, whose results are sealed with this suite. */
  public static PartyIdentity generate(
      String party, HpkeSuite results, InstantSource clock, SecureRandom random) {
    if (!Names.isParty(party)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "party's name '%s' must be lower-case letters, digits and hyphens, at most 63, and not 'broker'"
              .formatted(party),
          Map.of("party", party));
    }
    CertificateAuthority ca = CertificateAuthority.create(party, clock, random);
    TlsIdentity tls =
        ca.issue(new Caller(party, Role.NODE, "node"), CertificateAuthority.LEAF_VALIDITY);
    return new PartyIdentity(
        new NodeIdentity(tls, SigningKey.generate(random), SigningKey.generate(random)),
        ca,
        SigningKey.generate(random),
        HpkeKeyPair.generate(results, random));
  }

  /** As {@link #create(Path, String, HpkeSuite, InstantSource, SecureRandom)}, with X-Wing. */
  public static PartyIdentity create(
      Path folder, String party, InstantSource clock, SecureRandom random) {
    return create(folder, party, HpkeSuite.XWING, clock, random);
  }

  /**
   * A fresh identity, in a folder that is whole or not there.
   *
   * @param results the suite that its results are sealed with
   * @throws RefusedException ALREADY_EXISTS when the folder is there and not empty
   */
  public static PartyIdentity create(
      Path folder, String party, HpkeSuite results, InstantSource clock, SecureRandom random) {
    PartyIdentity identity = generate(party, results, clock, random);
    PrivateFiles.createFolder(folder, identity::write);
    return identity;
  }

  private void write(Path folder) {
    ca.write(folder.resolve(CA_CERTIFICATE), folder.resolve(CA_KEY));
    node.tls().write(folder.resolve(NODE_CERTIFICATE), folder.resolve(NODE_KEY));
    KeyFiles.create(folder.resolve(SIGNING_KEY), signingKey);
    KeyFiles.create(folder.resolve(RESULT_KEY), resultKey);
    KeyFiles.create(folder.resolve(PLATFORM_KEY), node.platformKey());
    KeyFiles.create(folder.resolve(WITNESS_KEY), node.witnessKey());
  }

  /**
   * From a folder, as {@link #create} made it.
   *
   * @throws RefusedException INVALID_CONFIG when a file is open to others, or does not belong to
   *     the others
   */
  public static PartyIdentity load(Path folder, InstantSource clock, SecureRandom random) {
    return new PartyIdentity(
        NodeIdentity.load(folder),
        CertificateAuthority.load(
            folder.resolve(CA_CERTIFICATE), folder.resolve(CA_KEY), clock, random),
        loadSigningKey(folder),
        loadResultKey(folder));
  }

  /**
   * Renews the node's certificate in a folder; its key stays. A running node shows the old one
   * until it is started again.
   */
  public TlsIdentity renewNode(Path folder, Duration validity) {
    TlsIdentity renewed = ca.renew(node.tls(), validity);
    renewed.replace(folder.resolve(NODE_CERTIFICATE));
    return renewed;
  }

  /** Only the key that signs agreements and membership lists. */
  public static SigningKey loadSigningKey(Path folder) {
    return KeyFiles.loadSigning(folder.resolve(SIGNING_KEY));
  }

  /** Only the key that opens results. */
  public static HpkeKeyPair loadResultKey(Path folder) {
    return KeyFiles.loadHpke(folder.resolve(RESULT_KEY));
  }

  public String name() {
    return node.party();
  }

  public NodeIdentity node() {
    return node;
  }

  public CertificateAuthority ca() {
    return ca;
  }

  public SigningKey signingKey() {
    return signingKey;
  }

  public HpkeKeyPair resultKey() {
    return resultKey;
  }

  /** What agreements say of it. */
  public Party party() {
    return new Party(
        name(),
        signingKey.verifyingKey(),
        resultKey.publicKey(),
        node.platformKey().verifyingKey(),
        node.witnessKey().verifyingKey());
  }

  /** What membership lists say of it. */
  public Member member(String address) {
    return new Member(party(), ca.certificate(), address);
  }

  @Override
  public void close() {
    signingKey.close();
    resultKey.close();
    node.platformKey().close();
    node.witnessKey().close();
  }

  @Override
  public String toString() {
    return "PartyIdentity[" + name() + "]";
  }
}
