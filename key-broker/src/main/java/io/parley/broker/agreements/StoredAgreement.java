package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * An agreement as the broker holds it.
 *
 * @param payload the exact bytes that parties sign
 * @param signatures by party; each was verified before it was stored
 * @param activatedAt null while signatures are missing
 * @param haltedBy who halted last; null when not halted
 * @param resumeAskedBy who has asked to resume since
 * @param kek as its vault keeps it; null while signatures are missing
 */
public record StoredAgreement(
    Digest digest,
    ByteString payload,
    Agreement agreement,
    SortedMap<String, ByteString> signatures,
    Instant proposedAt,
    @Nullable Instant activatedAt,
    @Nullable String haltedBy,
    List<String> resumeAskedBy,
    int jobsStarted,
    @Nullable ByteString kek) {

  /** The state at this instant. */
  public AgreementState state(Instant now) {
    if (!now.isBefore(agreement.expires())) {
      return AgreementState.EXPIRED;
    }
    if (haltedBy != null) {
      return AgreementState.HALTED;
    }
    return activatedAt == null ? AgreementState.PROPOSED : AgreementState.ACTIVE;
  }

  /**
   * Passes when jobs may start and keys may be released.
   *
   * @throws RefusedException AGREEMENT_NOT_ACTIVE, AGREEMENT_HALTED or AGREEMENT_EXPIRED
   */
  public void requireActive(Instant now) {
    switch (state(now)) {
      case ACTIVE -> {}
      case PROPOSED ->
          throw refusal(
              Reason.AGREEMENT_NOT_ACTIVE,
              "agreement '%s' is not signed by all yet; %s must sign it",
              String.join(", ", missing()));
      case HALTED ->
          throw refusal(
              Reason.AGREEMENT_HALTED,
              "agreement '%s' was halted by %s; it starts again when every party resumes it",
              String.valueOf(haltedBy));
      case EXPIRED ->
          throw refusal(
              Reason.AGREEMENT_EXPIRED,
              "agreement '%s' expired at %s; agree on a new one",
              agreement.expires().toString());
    }
  }

  /**
   * Passes when the party is named.
   *
   * @throws RefusedException NOT_A_PARTY
   */
  public void requireParty(String party) {
    if (!names(party)) {
      throw new RefusedException(
          Reason.NOT_A_PARTY,
          "%s is no party of agreement %s".formatted(party, digest),
          Map.of("party", party, "agreement", digest.toString()));
    }
  }

  /** Whether the agreement names the party. */
  public boolean names(String party) {
    return agreement.hasParty(party);
  }

  /** Parties that have not signed. */
  public List<String> missing() {
    return agreement.partyNames().stream().filter(party -> !signatures.containsKey(party)).toList();
  }

  /** The bytes and signatures, for the wire. */
  public DsseEnvelope envelope() {
    return new DsseEnvelope(
        Dsse.AGREEMENT_TYPE,
        payload,
        signatures.entrySet().stream()
            .map(signature -> new DsseSignature(signature.getKey(), signature.getValue()))
            .toList());
  }

  /** The KEK of an agreement that has been active. */
  public ByteString requireKek() {
    if (kek == null) {
      throw new BugException("an agreement without KEK was taken for an active one");
    }
    return kek;
  }

  private RefusedException refusal(Reason reason, String message, String detail) {
    return new RefusedException(
        reason,
        message.formatted(agreement.name(), detail),
        Map.of("agreement", digest.toString(), "name", agreement.name(), "detail", detail));
  }
}
