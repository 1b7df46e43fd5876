package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import org.bouncycastle.asn1.x509.GeneralName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CallerTest {
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");

  @ParameterizedTest
  @ValueSource(
      strings = {
        "parley:hospital/node/node",
        "parley:hospital/analyst/ana",
        "parley:h-1/operator/o",
        "parley:broker/keys"
      })
  void readsBackWhatItWrites(String uri) {
    assertThat(Caller.parse(uri).uri()).isEqualTo(uri);
  }

  @Test
  void tellsTheBrokerFromParties() {
    Caller broker = Caller.parse("parley:broker/keys");
    assertThat(broker).isEqualTo(Caller.broker("keys"));
    assertThat(broker.role()).isEqualTo(Role.BROKER);
    assertThat(broker.toString()).isEqualTo("broker/keys");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "parley:",
        "hospital/node/node",
        "http://hospital/node/x",
        "parley:hospital/node",
        "parley:hospital/node/",
        "parley:hospital/node/x/",
        "parley:hospital/node/x/y",
        "parley:/node/x",
        "parley:hospital/broker/x",
        "parley:broker/node/x",
        "parley:broker/",
        "parley:broker",
        "parley:hospital/NODE/x",
        "parley:Hospital/node/x",
        "parley:hospital/root/x",
        "parley:hospital/node/x?y",
        "parley:hospital%2fnode/x/y",
        "PARLEY:hospital/node/x",
        "parley:hospital/node/x\n",
        "parley: hospital/node/x"
      })
  void refusesEverythingElse(String uri) {
    assertThatThrownBy(() -> Caller.parse(uri))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED));
  }

  @Test
  void aPartyCannotBeCalledBroker() {
    assertThatThrownBy(() -> new Caller("broker", Role.NODE, "x"))
        .isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> new Caller("hospital", Role.BROKER, "x"))
        .isInstanceOf(RefusedException.class);
  }

  @Test
  void aCertificateNamesExactlyOneCaller() throws Exception {
    assertThat(Callers.parse(forged().uri("parley:hospital/node/n").build()))
        .isEqualTo(new Caller("hospital", Role.NODE, "n"));
    refuse(forged().build());
    refuse(forged().uri("https://example.com").build());
    refuse(forged().uri("parley:hospital/node/n").uri("parley:insurer/node/n").build());
    refuse(forged().uri("parley:hospital/node/n").uri("parley:hospital/node/n").build());
    refuse(forged().uri("parley:hospital/node/n").uri("https://example.com").build());
  }

  @Test
  void onlyServersMayNameHostsToo() throws Exception {
    assertThat(
            Callers.parse(
                    forged().uri("parley:broker/k").name(GeneralName.dNSName, "localhost").build())
                .role())
        .isEqualTo(Role.BROKER);
    refuse(
        forged().uri("parley:hospital/analyst/a").name(GeneralName.dNSName, "localhost").build());
    refuse(forged().uri("parley:hospital/node/n").name(GeneralName.rfc822Name, "a@b.c").build());
    refuse(forged().uri("parley:hospital/node/n").name(GeneralName.iPAddress, "127.0.0.1").build());
    refuse(forged().name(GeneralName.dNSName, "parley:hospital/node/n").build());
  }

  private static void refuse(X509Certificate certificate) {
    assertThatThrownBy(() -> Callers.parse(certificate))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.UNAUTHENTICATED));
  }

  private static ForgedCertificate forged() throws Exception {
    KeyPair pair = ForgedCertificate.pair("secp256r1");
    return ForgedCertificate.selfSigned(pair, NOW);
  }
}
