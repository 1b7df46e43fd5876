package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.SigningKey;
import io.parley.seal.Binding;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Map;

/**
 * A verification set as it travels: exact bytes and the owner's signature, sealed.
 *
 * @param set exact bytes
 */
public record SignedVerificationSet(ByteString set, ByteString signature) {
  static final String LABEL = "parley/v1/verification-set";
  private static final int SIGNATURE_BYTES = 64;
  private static final int BYTES_MAX = GateLimits.SET_BYTES_MAX + 1024;

  /** Signed by the owner's key. */
  public static SignedVerificationSet sign(VerificationSet set, SigningKey key) {
    ByteString bytes = set.encode();
    if (bytes.size() > GateLimits.SET_BYTES_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "verification set '%s' has %d bytes, at most %d; take fewer rows"
              .formatted(set.name(), bytes.size(), GateLimits.SET_BYTES_MAX),
          Map.of("limit", Integer.toString(GateLimits.SET_BYTES_MAX)));
    }
    return new SignedVerificationSet(bytes, key.sign(LABEL, bytes));
  }

  /** Which one it is. */
  public Digest digest() {
    return Digest.of(set);
  }

  /**
   * The set, when this owner signed it and it fits the agreement.
   *
   * @throws RefusedException INVALID_SIGNATURE, INVALID_VERIFICATION_SET
   */
  public VerificationSet open(SignedAgreement signed, String owner) {
    if (!signed.agreement().party(owner).signingKey().verify(LABEL, set, signature)) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "the verification set is not signed with the key that the agreement names for " + owner,
          Map.of("party", owner));
    }
    return VerificationSet.parse(set).check(signed, owner);
  }

  /** For the broker alone. */
  public SealedBytes seal(HpkePublicKey broker, Digest agreement, String owner) {
    return SealedBytes.seal(broker, toBroker(agreement, owner, broker), encode());
  }

  /**
   * What an owner sealed to the broker.
   *
   * @throws RefusedException INVALID_VERIFICATION_SET
   */
  public static SignedVerificationSet open(
      HpkeKeyPair broker, Digest agreement, String owner, SealedBytes sealed) {
    return parse(sealed.open(broker, toBroker(agreement, owner, broker.publicKey())));
  }

  ByteString encode() {
    return StrictMessages.encode(toMessage());
  }

  io.parley.proto.enclave.v1.SignedVerificationSet toMessage() {
    return io.parley.proto.enclave.v1.SignedVerificationSet.newBuilder()
        .setSet(set)
        .setSignature(signature)
        .build();
  }

  static SignedVerificationSet fromMessage(
      io.parley.proto.enclave.v1.SignedVerificationSet message) {
    if (message.getSignature().size() != SIGNATURE_BYTES) {
      throw new RefusedException(
          Reason.INVALID_VERIFICATION_SET, "a verification set without a signature of 64 bytes");
    }
    return new SignedVerificationSet(message.getSet(), message.getSignature());
  }

  private static SignedVerificationSet parse(ByteString bytes) {
    return fromMessage(
        StrictMessages.parse(
            io.parley.proto.enclave.v1.SignedVerificationSet.parser(),
            bytes,
            BYTES_MAX,
            Reason.INVALID_VERIFICATION_SET,
            "verification set"));
  }

  private static Binding toBroker(Digest agreement, String owner, HpkePublicKey broker) {
    return io.parley.seal.GateBindings.verificationSet(agreement, owner, broker);
  }
}
