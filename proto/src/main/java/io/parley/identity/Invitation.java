package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.agreement.Limits;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;

/**
 * What an inviter hands over, out of band: where to ask, whom to expect there, and a secret that is
 * good once. Who has it can ask to be a member; members still sign. Prints without the secret.
 *
 * @param address {@code host:port} of the inviter's node
 * @param caSha256 of the inviter's CA certificate
 * @param secret 32 random bytes
 */
public record Invitation(
    String consortium,
    String inviter,
    String address,
    Digest caSha256,
    ByteString secret,
    Instant expires) {
  /** Longest life. */
  public static final Duration MAX_VALIDITY = Duration.ofDays(30);

  private static final String PREFIX = "parley-invitation:";
  private static final int SECRET_BYTES = 32;
  private static final int MAX_TEXT_CHARS = 2048;

  public Invitation {
    boolean fine =
        Names.isLabel(consortium)
            && Names.isParty(inviter)
            && Addresses.isAddress(address)
            && secret.size() == SECRET_BYTES;
    if (!fine) {
      throw refused("a part of it is malformed");
    }
  }

  /**
   * A fresh one.
   *
   * @throws RefusedException INVALID_REQUEST when it would live longer than {@link #MAX_VALIDITY}
   */
  public static Invitation create(
      String consortium, Member inviter, Instant now, Duration validity, SecureRandom random) {
    if (validity.isNegative() || validity.isZero() || validity.compareTo(MAX_VALIDITY) > 0) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "invitation cannot be valid for %s; more than nothing, and at most %s"
              .formatted(validity, MAX_VALIDITY),
          Map.of("valid_for", validity.toString()));
    }
    byte[] secret = new byte[SECRET_BYTES];
    random.nextBytes(secret);
    return new Invitation(
        consortium,
        inviter.name(),
        inviter.address(),
        inviter.ca().sha256(),
        ByteString.copyFrom(secret),
        now.plus(validity));
  }

  /** One line of text. It holds the secret. */
  public String encode() {
    ByteString bytes =
        StrictMessages.encode(
            io.parley.proto.agreement.v1.Invitation.newBuilder()
                .setConsortium(consortium)
                .setInviter(inviter)
                .setAddress(address)
                .setCaSha256(caSha256.value())
                .setSecret(secret)
                .setExpires(StrictMessages.timestamp(expires))
                .build());
    return PREFIX + Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  /**
   * The reverse of {@link #encode}; outer spaces do not matter.
   *
   * @throws RefusedException INVALID_INVITATION when it is none; the text is not in the message
   */
  public static Invitation parse(String text) {
    String line = text.strip();
    if (!line.startsWith(PREFIX) || line.length() > MAX_TEXT_CHARS) {
      throw refused("expected one line that starts with " + PREFIX);
    }
    byte[] bytes;
    try {
      bytes = Base64.getUrlDecoder().decode(line.substring(PREFIX.length()));
    } catch (IllegalArgumentException e) {
      throw refused("expected base64url; was it cut?");
    }
    io.parley.proto.agreement.v1.Invitation message =
        StrictMessages.parse(
            io.parley.proto.agreement.v1.Invitation.parser(),
            ByteString.copyFrom(bytes),
            Limits.MAX_DOCUMENT_BYTES,
            Reason.INVALID_INVITATION,
            "invitation");
    if (message.getCaSha256().size() != Digest.SIZE_BYTES) {
      throw refused("a part of it is malformed");
    }
    Invitation invitation =
        new Invitation(
            message.getConsortium(),
            message.getInviter(),
            message.getAddress(),
            new Digest(message.getCaSha256()),
            message.getSecret(),
            StrictMessages.instant(message.getExpires(), Reason.INVALID_INVITATION));
    if (!invitation.encode().equals(line)) {
      // Neither base64 nor protobuf has one form only.
      throw refused("it says the same in another form than it was made in; was it changed?");
    }
    return invitation;
  }

  /**
   * That it is still good.
   *
   * @throws RefusedException INVALID_INVITATION when it is not
   */
  public void requireNotExpired(Instant now) {
    if (!now.isBefore(expires)) {
      throw new RefusedException(
          Reason.INVALID_INVITATION,
          "invitation to '%s' expired at %s; ask '%s' for a new one"
              .formatted(consortium, expires, inviter),
          Map.of("expires", expires.toString()));
    }
  }

  /**
   * That the chain of lists is the one that the inviter invited to.
   *
   * @throws RefusedException INVALID_MEMBERSHIP when it is of another consortium, or the inviter is
   *     not in it with the CA that the invitation names
   */
  public void requireMatches(Membership membership) {
    boolean matches =
        membership.consortium().equals(consortium)
            && membership
                .find(inviter)
                .filter(member -> member.ca().sha256().equals(caSha256))
                .isPresent();
    if (!matches) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "membership list is not of consortium '%s' with '%s' and its CA %s, as the invitation says"
              .formatted(consortium, inviter, caSha256),
          Map.of("consortium", consortium, "inviter", inviter));
    }
  }

  /** What an inviter keeps: enough to know the secret again, not to use it. */
  public Digest secretDigest() {
    return Digest.of(secret);
  }

  /** Constant-time, against {@link #secretDigest}. */
  public static boolean isSecret(ByteString secret, Digest expected) {
    return MessageDigest.isEqual(
        Digest.of(secret).value().toByteArray(), expected.value().toByteArray());
  }

  private static RefusedException refused(String problem) {
    return new RefusedException(
        Reason.INVALID_INVITATION, "this is no invitation: " + problem, Map.of("problem", problem));
  }

  @Override
  public String toString() {
    return "Invitation[to %s by %s at %s until %s]"
        .formatted(consortium, inviter, address, expires);
  }
}
