package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.Party;
import io.parley.agreement.Window;
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
 * @param supersededBy the revision that took its place; null while none did
 * @param shreddedBy who had its keys destroyed; null while they exist
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
    @Nullable ByteString kek,
    @Nullable Digest supersededBy,
    @Nullable String shreddedBy) {

  /** The state at this instant; what stops more comes before what stops less. */
  public AgreementState state(Instant now) {
    if (shreddedBy != null) {
      return AgreementState.SHREDDED;
    }
    if (!now.isBefore(agreement.expires())) {
      return AgreementState.EXPIRED;
    }
    if (haltedBy != null) {
      return AgreementState.HALTED;
    }
    if (supersededBy != null) {
      return AgreementState.SUPERSEDED;
    }
    return activatedAt == null ? AgreementState.PROPOSED : AgreementState.ACTIVE;
  }

  /**
   * Passes when keys may be released to a job that was counted: a revision that has taken the
   * agreement's place stops no such job.
   *
   * @throws RefusedException AGREEMENT_NOT_ACTIVE, AGREEMENT_HALTED, AGREEMENT_EXPIRED,
   *     KEYS_SHREDDED or OUTSIDE_WINDOW
   */
  public void requireActive(Instant now) {
    requireInForce(now);
    requireWindow(now);
  }

  /** The same, whatever its window says. */
  void requireInForce(Instant now) {
    switch (state(now)) {
      case ACTIVE, SUPERSEDED -> {}
      case PROPOSED -> throw notSigned();
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
      case SHREDDED -> throw shredded();
    }
  }

  /**
   * Passes when new jobs may start, as far as the time and the agreement's life are concerned.
   *
   * @throws RefusedException as {@link #requireActive}, and AGREEMENT_SUPERSEDED
   */
  public void requireCurrent(Instant now) {
    // Told first: that it may be halted too is nothing that whoever asks could wait for.
    requireNotSuperseded();
    requireActive(now);
  }

  /**
   * Passes while no revision has taken its place.
   *
   * @throws RefusedException AGREEMENT_SUPERSEDED that names the revision
   */
  void requireNotSuperseded() {
    if (supersededBy != null) {
      throw refusal(
          Reason.AGREEMENT_SUPERSEDED,
          "agreement '%s' was replaced by its revision %s; use that",
          supersededBy.toString());
    }
  }

  private void requireWindow(Instant now) {
    Window window = agreement.terms().window();
    if (window.isOpen(now)) {
      return;
    }
    boolean early = window.notBefore() != null && now.isBefore(window.notBefore());
    throw refusal(
        Reason.OUTSIDE_WINDOW,
        early
            ? "agreement '%s' is for jobs from %s on; wait until then"
            : "agreement '%s' was for jobs before %s; agree on a new one",
        String.valueOf(early ? window.notBefore() : window.notAfter()));
  }

  /**
   * Passes when the one who asks is a party. The one place where the broker decides this: a party
   * is who holds the signing key that the agreement names, so whoever was given the name of a
   * removed party later has none of its rights.
   *
   * @param asker as the current membership list has it
   * @throws RefusedException NOT_A_PARTY
   */
  public void requireParty(Party asker) {
    requireParty(agreement, digest, asker);
  }

  /** The same, whether it is stored or not. */
  public static void requireParty(Agreement agreement, Digest digest, Party asker) {
    if (names(agreement, asker)) {
      return;
    }
    String why =
        agreement.hasParty(asker.name())
            ? "its party '%s' has another signing key than the member of that name today; who got the name later has no part in it"
            : "%s is not among its parties";
    throw new RefusedException(
        Reason.NOT_A_PARTY,
        "agreement %s: %s".formatted(digest, why.formatted(asker.name())),
        Map.of(
            "party",
            asker.name(),
            "agreement",
            digest.toString(),
            "signing_key",
            asker.signingKey().digest().toString()));
  }

  /** Whether the one who asks is a party, as {@link #requireParty} has it. */
  public boolean names(Party asker) {
    return names(agreement, asker);
  }

  private static boolean names(Agreement agreement, Party asker) {
    return agreement.hasParty(asker.name())
        && agreement.party(asker.name()).signingKey().equals(asker.signingKey());
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

  /**
   * The KEK of an agreement that has been active, whatever it is now.
   *
   * @throws RefusedException AGREEMENT_NOT_ACTIVE, KEYS_SHREDDED
   */
  public ByteString requireKek() {
    requireNotShredded();
    if (kek == null) {
      throw notSigned();
    }
    return kek;
  }

  /**
   * Passes while its keys are not destroyed.
   *
   * @throws RefusedException KEYS_SHREDDED
   */
  public void requireNotShredded() {
    if (shreddedBy != null) {
      throw shredded();
    }
  }

  private RefusedException notSigned() {
    return refusal(
        Reason.AGREEMENT_NOT_ACTIVE,
        "agreement '%s' is not signed by all yet; %s must sign it",
        String.join(", ", missing()));
  }

  private RefusedException shredded() {
    return refusal(
        Reason.KEYS_SHREDDED,
        "the keys of agreement '%s' were destroyed by %s; agree on a new one",
        String.valueOf(shreddedBy));
  }

  private RefusedException refusal(Reason reason, String message, String detail) {
    return new RefusedException(
        reason,
        message.formatted(agreement.name(), detail),
        Map.of("agreement", digest.toString(), "name", agreement.name(), "detail", detail));
  }
}
