package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.agreement.Limits;
import io.parley.agreement.PartyCodec;
import io.parley.proto.agreement.v1.BrokerIdentity;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import org.jspecify.annotations.Nullable;

/** The exact bytes of a membership list, and its parts between records and messages. */
public final class MembershipCodec {
  private MembershipCodec() {}

  /** The exact bytes. */
  public static ByteString encode(Membership membership) {
    io.parley.proto.agreement.v1.Membership.Builder message =
        io.parley.proto.agreement.v1.Membership.newBuilder()
            .setConsortium(membership.consortium())
            .setVersion(membership.version())
            .setIssued(StrictMessages.timestamp(membership.issued()))
            .setBroker(toProto(membership.broker()));
    @Nullable Digest previous = membership.previous();
    if (previous != null) {
      message.setPreviousSha256(previous.value());
    }
    membership.members().forEach(member -> message.addMembers(toProto(member)));
    return StrictMessages.encode(message.build());
  }

  /**
   * From exact bytes.
   *
   * @throws RefusedException when anything in them is wrong, unknown, or not in the one byte form
   */
  public static Membership decode(ByteString bytes) {
    io.parley.proto.agreement.v1.Membership message =
        StrictMessages.parse(
            io.parley.proto.agreement.v1.Membership.parser(),
            bytes,
            Limits.MAX_DOCUMENT_BYTES,
            Reason.INVALID_MEMBERSHIP,
            "membership list");
    Membership membership =
        new Membership(
            message.getConsortium(),
            message.getVersion(),
            message.getPreviousSha256().isEmpty() ? null : new Digest(message.getPreviousSha256()),
            StrictMessages.instant(message.getIssued(), Reason.INVALID_MEMBERSHIP),
            message.getMembersList().stream().map(MembershipCodec::fromProto).toList(),
            fromProto(message.getBroker()));
    StrictMessages.requireSame(
        encode(membership), bytes, Reason.INVALID_MEMBERSHIP, "membership list");
    return membership;
  }

  /** For a message. */
  public static io.parley.proto.agreement.v1.Member toProto(Member member) {
    return io.parley.proto.agreement.v1.Member.newBuilder()
        .setParty(PartyCodec.toProto(member.party()))
        .setCaCertificate(member.ca().der())
        .setAddress(member.address())
        .build();
  }

  /**
   * From a message.
   *
   * @throws RefusedException that says which part is wrong
   */
  public static Member fromProto(io.parley.proto.agreement.v1.Member member) {
    return new Member(
        PartyCodec.fromProto(member.getParty()),
        CaCertificate.parse(member.getCaCertificate()),
        member.getAddress());
  }

  private static BrokerIdentity toProto(Broker broker) {
    return BrokerIdentity.newBuilder()
        .setName(broker.name())
        .setSigningKey(broker.signingKey().value())
        .setCaCertificate(broker.ca().der())
        .setAddress(broker.address())
        .build();
  }

  private static Broker fromProto(BrokerIdentity broker) {
    return new Broker(
        broker.getName(),
        new VerifyingKey(broker.getSigningKey()),
        CaCertificate.parse(broker.getCaCertificate()),
        broker.getAddress());
  }
}
