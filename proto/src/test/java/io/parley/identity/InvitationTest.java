package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Samples;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InvitationTest {
  private static final Samples SAMPLES = new Samples();
  private final Membership membership = SAMPLES.membership();
  private final Invitation invitation = invite(Duration.ofHours(24));

  private Invitation invite(Duration validity) {
    return Invitation.create(
        "health", membership.member("hospital"), Samples.NOW, validity, new SecureRandom());
  }

  @Test
  void isOneLineThatReadsBack() {
    String line = invitation.encode();
    assertThat(line).startsWith("parley-invitation:").doesNotContain("\n", "=", " ");
    assertThat(Invitation.parse("  " + line + "\n")).isEqualTo(invitation);
  }

  /** Two lines are two invitations: no bit of one may be changed unseen. */
  @ParameterizedTest
  @ValueSource(strings = {"o", "or", "ord"})
  void everyDigitCounts(String consortium) {
    String line =
        Invitation.create(
                consortium,
                membership.member("hospital"),
                Samples.NOW,
                Duration.ofHours(1),
                new SecureRandom())
            .encode();
    String digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    int last = line.length() - 1;
    for (char other : digits.toCharArray()) {
      String changed = line.substring(0, last) + other;
      assertThat(changed.equals(line) || isRefusedOrAnother(changed, line)).as(changed).isTrue();
    }
    assertThat(isRefusedOrAnother(line + "=", line)).isTrue();
  }

  private static boolean isRefusedOrAnother(String changed, String line) {
    try {
      return !Invitation.parse(changed).equals(Invitation.parse(line));
    } catch (RefusedException e) {
      return e.reason() == Reason.INVALID_INVITATION;
    }
  }

  @Test
  void isGoodUntilItExpires() {
    invitation.requireNotExpired(Samples.NOW);
    invitation.requireNotExpired(Samples.NOW.plus(Duration.ofHours(24)).minusNanos(1));
    assertThatThrownBy(() -> invitation.requireNotExpired(Samples.NOW.plus(Duration.ofHours(24))))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_INVITATION))
        .hasMessageContaining("expired at 2026-11-22T00:00:00Z; ask 'hospital' for a new one");
  }

  @Test
  void livesThirtyDaysAtMost() {
    assertThat(invite(Duration.ofDays(30)).expires())
        .isEqualTo(Samples.NOW.plus(Duration.ofDays(30)));
    assertThatThrownBy(() -> invite(Duration.ofDays(30).plusNanos(1)))
        .hasMessageContaining("at most PT720H");
    assertThatThrownBy(() -> invite(Duration.ZERO)).isInstanceOf(RefusedException.class);
    assertThatThrownBy(() -> invite(Duration.ofSeconds(-1))).isInstanceOf(RefusedException.class);
  }

  @Test
  void everySecretIsFreshAndKeptAsDigest() {
    Invitation other = invite(Duration.ofHours(1));
    assertThat(other.secret()).isNotEqualTo(invitation.secret());
    assertThat(Invitation.isSecret(invitation.secret(), invitation.secretDigest())).isTrue();
    assertThat(Invitation.isSecret(other.secret(), invitation.secretDigest())).isFalse();
    assertThat(Invitation.isSecret(ByteString.EMPTY, invitation.secretDigest())).isFalse();
  }

  @Test
  void printsWithoutTheSecret() {
    assertThat(invitation.toString())
        .isEqualTo(
            "Invitation[to health by hospital at 127.0.0.1:7001 until 2026-11-22T00:00:00Z]");
  }

  @Test
  void matchesTheListOfItsInviterOnly() {
    invitation.requireMatches(membership);
    Membership other =
        new Membership(
            "banking",
            membership.version(),
            membership.previous(),
            membership.issued(),
            membership.members(),
            membership.broker());
    assertThatThrownBy(() -> invitation.requireMatches(other))
        .hasMessageContaining("is not of consortium 'health' with 'hospital'");
    Membership posing = new Samples().membership();
    assertThatThrownBy(() -> invitation.requireMatches(posing))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_MEMBERSHIP));
  }

  @Test
  void everyCutAndChangeIsRefusedWithoutTheSecretOrAnotherInvitation() {
    String line = invitation.encode();
    for (int i = 0; i < line.length(); i++) {
      refuseOrOther(line.substring(0, i), line);
      refuseOrOther(
          line.substring(0, i) + (line.charAt(i) == 'A' ? 'B' : 'A') + line.substring(i + 1), line);
    }
  }

  private void refuseOrOther(String text, String line) {
    try {
      assertThat(Invitation.parse(text)).isNotEqualTo(invitation);
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_INVITATION);
      assertThat(e).hasMessageNotContaining(line.substring(20, 40));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "parley-invitation:",
        "hello",
        "parley-invitation:!!!",
        "parley-invitation:AAAA"
      })
  void refusesNonsense(String text) {
    assertThatThrownBy(() -> Invitation.parse(text))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_INVITATION));
    assertThatThrownBy(() -> Invitation.parse("parley-invitation:" + "A".repeat(4000)))
        .isInstanceOf(RefusedException.class);
  }
}
