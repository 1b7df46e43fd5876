package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * An agreement's exact bytes with signatures.
 *
 * <p>Guarantee: the bytes are a valid agreement. Signatures may be missing or wrong: only those in
 * {@link #signedBy} were verified, with the keys that the agreement itself names. Whether those are
 * the right keys for the parties is for the reader to know (membership). Immutable.
 */
public final class SignedAgreement {
  private final ByteString payload;
  private final List<DsseSignature> signatures;
  private final Agreement agreement;
  private final Digest digest;
  private final SortedSet<String> signedBy;

  /**
   * @throws RefusedException INVALID_AGREEMENT when {@code payload} is none
   */
  public SignedAgreement(ByteString payload, List<DsseSignature> signatures) {
    this(new DsseEnvelope(Dsse.AGREEMENT_TYPE, payload, signatures));
  }

  private SignedAgreement(DsseEnvelope envelope) {
    this.payload = envelope.payload();
    this.signatures = envelope.signatures();
    this.agreement = AgreementCodec.decode(payload);
    this.digest = envelope.digest();
    TreeSet<String> verified = new TreeSet<>();
    signatures.stream().filter(this::verifies).forEach(s -> verified.add(s.keyId()));
    this.signedBy = Collections.unmodifiableSortedSet(verified);
  }

  /** An agreement that nobody has signed yet. */
  public static SignedAgreement unsigned(Agreement agreement) {
    return new SignedAgreement(AgreementCodec.encode(agreement), List.of());
  }

  public ByteString payload() {
    return payload;
  }

  /** All signatures, the wrong ones too. */
  public List<DsseSignature> signatures() {
    return signatures;
  }

  public Agreement agreement() {
    return agreement;
  }

  /** What the agreement is known by. */
  public Digest digest() {
    return digest;
  }

  /** The parties with a verified signature. */
  public SortedSet<String> signedBy() {
    return signedBy;
  }

  /** The parties without one. */
  public SortedSet<String> missing() {
    TreeSet<String> missing = new TreeSet<>(agreement.partyNames());
    missing.removeAll(signedBy);
    return Collections.unmodifiableSortedSet(missing);
  }

  /** Whether every party has signed. */
  public boolean complete() {
    return signedBy.equals(agreement.partyNames());
  }

  /** This, when every party has signed. */
  public SignedAgreement requireComplete() {
    if (!complete()) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "agreement '%s' lacks a valid signature of %s"
              .formatted(agreement.name(), String.join(", ", missing())),
          Map.of("agreement", digest.toString(), "missing", String.join(",", missing())));
    }
    return this;
  }

  /**
   * The same with one more signature.
   *
   * @throws RefusedException INVALID_SIGNATURE when it is by no party, or does not verify
   */
  public SignedAgreement with(DsseSignature signature) {
    if (!verifies(signature)) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "signature by '%s' does not verify: expected Ed25519 over the DSSE encoding of agreement %s by the key that it names for one of %s"
              .formatted(Suggestions.shown(signature.keyId()), digest, agreement.partyNames()),
          Map.of("agreement", digest.toString(), "signer", Suggestions.shown(signature.keyId())));
    }
    return signedBy.contains(signature.keyId())
        ? this
        : new SignedAgreement(envelope().with(signature));
  }

  /** A party's signature on this agreement; does not add it. */
  public DsseSignature sign(String party, SigningKey key) {
    return Dsse.sign(Dsse.AGREEMENT_TYPE, payload, party, key);
  }

  private boolean verifies(DsseSignature signature) {
    Set<String> parties = agreement.partyNames();
    return parties.contains(signature.keyId())
        && Dsse.verify(
            Dsse.AGREEMENT_TYPE,
            payload,
            signature,
            agreement.party(signature.keyId()).signingKey());
  }

  /** For a message. */
  public DsseEnvelope envelope() {
    return new DsseEnvelope(Dsse.AGREEMENT_TYPE, payload, signatures);
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_AGREEMENT when it holds anything but an agreement
   */
  public static SignedAgreement fromEnvelope(DsseEnvelope envelope) {
    if (!envelope.payloadType().equals(Dsse.AGREEMENT_TYPE)) {
      throw new RefusedException(
          Reason.INVALID_AGREEMENT,
          "envelope holds '%s'; expected '%s'"
              .formatted(Suggestions.shown(envelope.payloadType()), Dsse.AGREEMENT_TYPE));
    }
    return new SignedAgreement(envelope);
  }

  /** For a file. */
  public ByteString toEnvelope() {
    return envelope().encode();
  }

  /** From a file. */
  public static SignedAgreement fromEnvelope(ByteString bytes) {
    return fromEnvelope(DsseEnvelope.decode(bytes));
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof SignedAgreement that
        && payload.equals(that.payload)
        && signatures.equals(that.signatures);
  }

  @Override
  public int hashCode() {
    return digest.hashCode();
  }

  @Override
  public String toString() {
    return "SignedAgreement[%s %s, signed by %s]".formatted(agreement.name(), digest, signedBy);
  }
}
