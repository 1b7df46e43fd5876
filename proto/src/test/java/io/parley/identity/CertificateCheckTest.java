package io.parley.identity;

import static io.parley.identity.CertificateCheck.Use.CLIENT;
import static io.parley.identity.CertificateCheck.Use.SERVER;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.ByteString;
import io.parley.agreement.Samples;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class CertificateCheckTest {
  private static final Samples SAMPLES = new Samples();
  private static final Instant NOW = Samples.NOW;
  private final Membership membership = SAMPLES.membership();
  private final TlsIdentity node = SAMPLES.hospital.node().tls();

  @Test
  void knowsMembersByTheirCa() {
    assertThat(verify(node.chain(), CLIENT, NOW))
        .isEqualTo(new Caller("hospital", Role.NODE, "node"));
    assertThat(verify(node.chain(), SERVER, NOW).party()).isEqualTo("hospital");
    assertThat(verify(SAMPLES.broker.tls().chain(), SERVER, NOW)).isEqualTo(Caller.broker("keys"));
    assertThat(verify(client(Role.OPERATOR).chain(), CLIENT, NOW))
        .isEqualTo(new Caller("hospital", Role.OPERATOR, "ana"));
  }

  private TlsIdentity client(Role role) {
    return ClientCertificates.issue(SAMPLES.hospital, role, "ana", Duration.ofDays(1));
  }

  @Test
  void refusesTheWrongUse() {
    refuse(client(Role.ANALYST).chain(), SERVER, NOW, "is not for serverAuth");
    refuse(SAMPLES.broker.tls().chain(), CLIENT, NOW, "is not for clientAuth");
  }

  @Test
  void refusesOutsideTheDates() {
    refuse(node.chain(), CLIENT, NOW.plus(Duration.ofDays(366)), "expired at");
    refuse(node.chain(), CLIENT, NOW.minus(Duration.ofHours(1)), "is not valid before");
    List<X509Certificate> shortLived = client(Role.ANALYST).chain();
    refuse(shortLived, CLIENT, NOW.plus(Duration.ofDays(1)).plusSeconds(1), "expired at");
  }

  @Test
  void aLeafNeverOutlivesItsCa() {
    TestClock clock = new TestClock(NOW);
    CertificateAuthority ca = CertificateAuthority.create("h", clock, new SecureRandom());
    clock.advance(CertificateAuthority.CA_VALIDITY.minusDays(1));
    TlsIdentity late =
        ca.issue(new Caller("h", Role.NODE, "n"), CertificateAuthority.LEAF_VALIDITY);
    assertThat(late.leaf().getNotAfter()).isEqualTo(ca.certificate().x509().getNotAfter());
    clock.advance(Duration.ofDays(2));
    assertThatThrownBy(() ->
            CertificateCheck.verify(
                late.chain(), caller -> ca.certificate(), CLIENT, clock.instant()))
        .hasMessageContaining("CA certificate of h/node/n expired");
  }

  @Test
  void refusesStrangersAndWhoPosesAsAMember() {
    PartyIdentity stranger = PartyIdentity.generate("bank", new TestClock(NOW), new SecureRandom());
    assertThatThrownBy(() -> verify(stranger.node().tls().chain(), CLIENT, NOW))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_A_MEMBER));
    PartyIdentity posing =
        PartyIdentity.generate("hospital", new TestClock(NOW), new SecureRandom());
    refuse(posing.node().tls().chain(), CLIENT, NOW, "was not issued by the CA");
    TlsIdentity posingBroker =
        BrokerIdentity.generate("keys", new TestClock(NOW), new SecureRandom()).tls();
    refuse(posingBroker.chain(), SERVER, NOW, "was not issued by the CA");
  }

  @Test
  void refusesAMemberThatNamesAnother() {
    TlsIdentity lying =
        SAMPLES
            .insurer
            .ca()
            .issue(new Caller("hospital", Role.OPERATOR, "eve"), Duration.ofDays(1));
    refuse(lying.chain(), CLIENT, NOW, "was not issued by the CA");
    TlsIdentity lyingBroker = SAMPLES.insurer.ca().issue(Caller.broker("keys"), Duration.ofDays(1));
    refuse(lyingBroker.chain(), SERVER, NOW, "was not issued by the CA");
  }

  @Test
  void refusesABrokerOfAnotherName() {
    TlsIdentity other =
        BrokerIdentity.generate("other", new TestClock(NOW), new SecureRandom()).tls();
    assertThatThrownBy(() -> verify(other.chain(), SERVER, NOW))
        .hasMessageContaining("'other' is not the broker of consortium 'health', which is 'keys'");
  }

  @Test
  void takesNoRootFromTheOtherSide() {
    PartyIdentity posing =
        PartyIdentity.generate("hospital", new TestClock(NOW), new SecureRandom());
    refuse(
        List.of(posing.node().tls().leaf(), node.ca().x509()),
        CLIENT,
        NOW,
        "was not issued by the CA");
  }

  @Test
  void refusesAnEmptyChain() {
    refuse(List.of(), CLIENT, NOW, "no certificate was shown");
  }

  @Test
  void everyFlippedByteOfACertificateFails() {
    byte[] der = CaCertificate.der(node.leaf()).toByteArray();
    // How many bits of the signature's BIT STRING are unused: the JDK reads the same signature
    // whether that says none or one, when the last bit is 0.
    int unusedBits = der.length - node.leaf().getSignature().length - 1;
    for (int i = 0; i < der.length; i++) {
      if (i == unusedBits) {
        continue;
      }
      der[i] ^= 1;
      ByteString flipped = ByteString.copyFrom(der);
      assertThat(
              catchThrowable(() -> verify(List.of(CaCertificate.parseX509(flipped)), CLIENT, NOW)))
          .as("byte %d of %d", i, der.length)
          .isInstanceOf(RefusedException.class);
      der[i] ^= 1;
    }
  }

  /** A CA that signs what ours never would. */
  @Test
  void refusesLeavesOfTheWrongKind() throws Exception {
    KeyPair root = ForgedCertificate.pair("secp256r1");
    CaCertificate ca = new CaCertificate(ForgedCertificate.selfSigned(root, NOW).build());
    String uri = "parley:hospital/node/n";
    check(ca, ForgedCertificate.leaf(ca, root, NOW).uri(uri).build(), null);
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW).uri(uri).ca(0).build(),
        "must be a leaf with a P-256 key");
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW).uri(uri).keyUsage(KeyUsage.keyAgreement).build(),
        "must be a leaf");
    check(ca, ForgedCertificate.leaf(ca, root, NOW).uri(uri).keyUsage(0).build(), "must be a leaf");
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW).uri(uri).purposes().build(),
        "is not for clientAuth");
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW)
            .uri(uri)
            .purposes(KeyPurposeId.anyExtendedKeyUsage)
            .build(),
        "is not for clientAuth");
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW).uri(uri).strangeCritical().build(),
        "was not issued by the CA");
    check(
        ca,
        ForgedCertificate.leaf(ca, root, NOW)
            .uri(uri)
            .holder(ForgedCertificate.pair("secp384r1"))
            .build(),
        "must be a leaf with a P-256 key");
    check(
        ca,
        ForgedCertificate.leaf(ca, ForgedCertificate.pair("secp256r1"), NOW).uri(uri).build(),
        "was not issued by the CA");
  }

  private static void check(CaCertificate ca, X509Certificate leaf, @Nullable String problem) {
    if (problem == null) {
      assertThat(CertificateCheck.verify(List.of(leaf), caller -> ca, CLIENT, NOW).party())
          .isEqualTo("hospital");
    } else {
      assertThatThrownBy(() -> CertificateCheck.verify(List.of(leaf), caller -> ca, CLIENT, NOW))
          .isInstanceOf(RefusedException.class)
          .hasMessageContaining(problem);
    }
  }

  @Test
  void refusesCasOfTheWrongKind() throws Exception {
    KeyPair root = ForgedCertificate.pair("secp256r1");
    refuseCa(ForgedCertificate.selfSigned(root, NOW).ca(1).build(), "path length 0");
    refuseCa(ForgedCertificate.selfSigned(root, NOW).ca(-1).build(), "path length 0");
    refuseCa(
        ForgedCertificate.selfSigned(root, NOW).keyUsage(KeyUsage.digitalSignature).build(),
        "keyCertSign");
    refuseCa(ForgedCertificate.selfSigned(root, NOW).strangeCritical().build(), "does not know");
    refuseCa(
        ForgedCertificate.selfSigned(ForgedCertificate.pair("secp384r1"), NOW).build(), "P-256");
    refuseCa(ForgedCertificate.selfSigned(root, NOW).subject("CN=other").build(), "self-signed");
    CaCertificate own = new CaCertificate(ForgedCertificate.selfSigned(root, NOW).build());
    refuseCa(
        ForgedCertificate.leaf(own, root, NOW)
            .subject("CN=forged")
            .ca(0)
            .keyUsage(KeyUsage.keyCertSign)
            .purposes()
            .build(),
        "signature is not by its own key");
  }

  private static void refuseCa(X509Certificate certificate, String problem) {
    assertThatThrownBy(() -> new CaCertificate(certificate))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void aCaComesAsOneDerCertificateAndNothingElse() {
    CaCertificate ca = SAMPLES.hospital.ca().certificate();
    assertThat(CaCertificate.parse(ca.der())).isEqualTo(ca);
    assertThatThrownBy(() -> CaCertificate.parse(ca.der().concat(ByteString.copyFrom(new byte[1]))))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> CaCertificate.parse(ca.der().concat(ca.der())))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> CaCertificate.parse(ByteString.EMPTY))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> CaCertificate.parse(ByteString.copyFrom(new byte[5000])))
        .hasMessageContaining("at most 4096");
    for (int length = 0; length < ca.der().size(); length += 7) {
      ByteString cut = ca.der().substring(0, length);
      assertThatThrownBy(() -> CaCertificate.parse(cut)).isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void issuesOnlyWhatIsAClients() {
    assertThatThrownBy(() -> client(Role.NODE))
        .hasMessageContaining("expected analyst or operator");
    assertThatThrownBy(() ->
            ClientCertificates.issue(SAMPLES.hospital, Role.ANALYST, "../x", Duration.ofDays(1)))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(
            () -> ClientCertificates.issue(SAMPLES.hospital, Role.ANALYST, "x", Duration.ZERO))
        .hasMessageContaining("more than nothing");
  }

  private Caller verify(List<X509Certificate> chain, CertificateCheck.Use use, Instant now) {
    return CertificateCheck.verify(chain, membership::caOf, use, now);
  }

  private void refuse(
      List<X509Certificate> chain, CertificateCheck.Use use, Instant now, String problem) {
    assertThatThrownBy(() -> verify(chain, use, now))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED))
        .hasMessageContaining(problem);
  }
}
