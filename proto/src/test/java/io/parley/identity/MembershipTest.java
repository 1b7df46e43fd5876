package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Party;
import io.parley.agreement.Samples;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MembershipTest {
  private static final Samples SAMPLES = new Samples();
  private final Membership membership = SAMPLES.membership();
  private final Member hospital = membership.member("hospital");
  private final Member insurer = membership.member("insurer");

  @Test
  void givesBackWhatWentIn() {
    ByteString bytes = MembershipCodec.encode(membership);
    assertThat(MembershipCodec.decode(bytes)).isEqualTo(membership);
    assertThat(membership.names()).containsExactly("hospital", "insurer");
  }

  @Test
  void flippedBytesAreRefusedOrAnotherList() {
    byte[] bytes = MembershipCodec.encode(membership).toByteArray();
    for (int i = 0; i < bytes.length; i += 3) {
      bytes[i] ^= 2;
      try {
        ByteString flipped = ByteString.copyFrom(bytes);
        Membership other = MembershipCodec.decode(flipped);
        assertThat(other).isNotEqualTo(membership);
        assertThat(MembershipCodec.encode(other)).isEqualTo(flipped);
      } catch (RefusedException e) {
        assertThat(e.reason())
            .isIn(
                Reason.INVALID_MEMBERSHIP,
                Reason.INVALID_REQUEST,
                Reason.INVALID_AGREEMENT,
                Reason.UNAUTHENTICATED);
      }
      bytes[i] ^= 2;
    }
  }

  @Test
  void everyCutIsRefused() {
    ByteString bytes = MembershipCodec.encode(membership);
    for (int length = 0; length < bytes.size(); length++) {
      ByteString cut = bytes.substring(0, length);
      assertThatThrownBy(() -> MembershipCodec.decode(cut)).isInstanceOf(RefusedException.class);
    }
  }

  @Test
  void nothingBelongsToTwo() {
    refuse(List.of(hospital, hospital), "'hospital' is there twice");
    Party posing =
        new Party(
            "bank",
            hospital.party().signingKey(),
            hospital.party().resultKey(),
            hospital.party().simulatedPlatformKey(),
            hospital.party().witnessKey());
    refuse(
        List.of(hospital, new Member(posing, insurer.ca(), "127.0.0.1:1")),
        "'hospital' has the signing key of another");
    Party bank =
        new Party(
            "bank",
            insurer.party().signingKey(),
            insurer.party().resultKey(),
            insurer.party().simulatedPlatformKey(),
            insurer.party().witnessKey());
    refuse(
        List.of(hospital, new Member(bank, hospital.ca(), "127.0.0.1:1")),
        "has the CA key of another");
    refuse(
        List.of(hospital, new Member(bank, membership.broker().ca(), "127.0.0.1:1")),
        "has the CA key of another");
  }

  private void refuse(List<Member> members, String problem) {
    assertThatThrownBy(
            () -> new Membership("health", 1, null, Samples.NOW, members, membership.broker()))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_MEMBERSHIP))
        .hasMessageContaining(problem);
  }

  @Test
  void versionsAndTheirPredecessorsGoTogether() {
    refuse(List.of(), "1 to 64 members");
    assertThatThrownBy(() ->
            new Membership("health", 2, null, Samples.NOW, List.of(hospital), membership.broker()))
        .hasMessageContaining("version 1 has no version before it");
    assertThatThrownBy(() ->
            new Membership(
                "health", 1, Samples.APP, Samples.NOW, List.of(hospital), membership.broker()))
        .hasMessageContaining("version 1 has no version before it");
    assertThatThrownBy(() ->
            new Membership("health", 0, null, Samples.NOW, List.of(hospital), membership.broker()))
        .hasMessageContaining("version must be 1 or more");
    assertThatThrownBy(() ->
            new Membership("He alth", 1, null, Samples.NOW, List.of(hospital), membership.broker()))
        .hasMessageContaining("must be a label");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "host",
        "host:",
        ":1",
        "host:0",
        "host:65536",
        "host:99999",
        "a b:1",
        "host:1/x",
        "http://host:1",
        "host:1\n",
        "[::1:1",
        "unix:/x"
      })
  void refusesBadAddresses(String address) {
    assertThatThrownBy(() -> new Member(hospital.party(), hospital.ca(), address))
        .hasMessageContaining("must be host:port");
    assertThatThrownBy(() ->
            new Broker("keys", membership.broker().signingKey(), membership.broker().ca(), address))
        .hasMessageContaining("must be host:port");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1:1", "peer.example.com:65535", "[::1]:7000", "localhost:80"})
  void takesAddresses(String address) {
    assertThat(new Member(hospital.party(), hospital.ca(), address).address()).isEqualTo(address);
  }

  @Test
  void saysWhoIsNoMember() {
    assertThatThrownBy(() -> membership.member("bank"))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.NOT_A_MEMBER))
        .hasMessageContaining("'bank' is no member of consortium 'health' (version 2)");
    assertThat(membership.find("bank")).isEmpty();
  }
}
