package io.parley.agreement;

import io.parley.identity.VerifyingKey;
import io.parley.seal.HpkePublicKey;
import io.parley.wire.RefusedException;

/** Parties between records and messages. */
public final class PartyCodec {
  private PartyCodec() {}

  /** For a message. */
  public static io.parley.proto.agreement.v1.Party toProto(Party party) {
    return io.parley.proto.agreement.v1.Party.newBuilder()
        .setName(party.name())
        .setSigningKey(party.signingKey().value())
        .setResultKey(party.resultKey().toMessage())
        .setSimulatedPlatformKey(party.simulatedPlatformKey().value())
        .setWitnessKey(party.witnessKey().value())
        .build();
  }

  /**
   * From a message.
   *
   * @throws RefusedException that says which part is wrong
   */
  public static Party fromProto(io.parley.proto.agreement.v1.Party party) {
    return new Party(
        party.getName(),
        new VerifyingKey(party.getSigningKey()),
        HpkePublicKey.fromMessage(party.getResultKey()),
        new VerifyingKey(party.getSimulatedPlatformKey()),
        new VerifyingKey(party.getWitnessKey()));
  }
}
