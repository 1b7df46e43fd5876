package io.parley.identity;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * The signed membership lists of a consortium, oldest first, each naming the one before it.
 *
 * <p>Guarantee: version 1 is signed by its founder; every later version follows the one before it
 * by hash and number, and is signed by every member that is in both and by every member that is new
 * in it. Not guaranteed: that the founder is who the reader hopes, or that there is no newer
 * version. Immutable.
 */
public final class MembershipChain {
  /** Longest chain. */
  public static final int MAX_VERSIONS = 10_000;

  private final List<DsseEnvelope> envelopes;
  private final Membership current;

  private MembershipChain(List<DsseEnvelope> envelopes, Membership current) {
    this.envelopes = List.copyOf(envelopes);
    this.current = current;
  }

  /**
   * Checks a whole chain.
   *
   * @throws RefusedException INVALID_MEMBERSHIP that says which version is wrong, and how
   */
  public static MembershipChain verify(List<DsseEnvelope> envelopes) {
    if (envelopes.isEmpty() || envelopes.size() > MAX_VERSIONS) {
      throw refused(
          "chain has %d versions; expected 1 to %d".formatted(envelopes.size(), MAX_VERSIONS));
    }
    MembershipChain chain = first(envelopes.getFirst());
    for (DsseEnvelope next : envelopes.subList(1, envelopes.size())) {
      chain = chain.append(next);
    }
    return chain;
  }

  /** The chain of a new consortium: its founder's signed version 1. */
  public static MembershipChain found(
      String consortium, Instant now, Member founder, Broker broker, SigningKey founderKey) {
    ByteString payload =
        MembershipCodec.encode(new Membership(consortium, 1, null, now, List.of(founder), broker));
    return first(
        new DsseEnvelope(Dsse.MEMBERSHIP_TYPE, payload, List.of())
            .with(Dsse.sign(Dsse.MEMBERSHIP_TYPE, payload, founder.name(), founderKey)));
  }

  private static MembershipChain first(DsseEnvelope envelope) {
    Membership first = open(envelope);
    if (first.version() != 1 || first.members().size() != 1) {
      throw refused(
          "a chain starts with version 1 and its founder; this one starts with version %d and %d members"
              .formatted(first.version(), first.members().size()));
    }
    requireSigned(envelope, first, first.names());
    return new MembershipChain(List.of(envelope), first);
  }

  /** The newest version. */
  public Membership current() {
    return current;
  }

  /** All versions, oldest first. */
  public List<DsseEnvelope> envelopes() {
    return envelopes;
  }

  /** SHA-256 of the newest version's bytes. */
  public Digest digest() {
    return envelopes.getLast().digest();
  }

  /** An unsigned list that would follow the newest one. */
  public DsseEnvelope propose(List<Member> members, Broker broker, Instant now) {
    Instant issued = now.isBefore(current.issued()) ? current.issued() : now;
    Membership next =
        new Membership(
            current.consortium(), current.version() + 1, digest(), issued, members, broker);
    DsseEnvelope proposal =
        new DsseEnvelope(Dsse.MEMBERSHIP_TYPE, MembershipCodec.encode(next), List.of());
    requireFollows(next);
    return proposal;
  }

  /** {@link #propose} with one more member. */
  public DsseEnvelope proposeJoin(Member joiner, Instant now) {
    if (current.find(joiner.name()).isPresent()) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "'%s' is a member of consortium '%s' already"
              .formatted(joiner.name(), current.consortium()),
          Map.of("party", joiner.name()));
    }
    List<Member> members = new ArrayList<>(current.members());
    members.add(joiner);
    return propose(members, current.broker(), now);
  }

  /** {@link #propose} without one member. */
  public DsseEnvelope proposeRemoval(String party, Instant now) {
    Member removed = current.member(party);
    return propose(
        current.members().stream().filter(m -> !m.equals(removed)).toList(), current.broker(), now);
  }

  /**
   * What a proposal says, when it would follow the newest list.
   *
   * @throws RefusedException MEMBERSHIP_OUTDATED when it follows another version;
   *     INVALID_MEMBERSHIP when it is none or breaks a rule
   */
  public Membership open(DsseEnvelope proposal, boolean toFollow) {
    Membership next = open(proposal);
    if (toFollow) {
      requireFollows(next);
    }
    return next;
  }

  /** Who must sign: every member in both lists, and every member that is new. */
  public SortedSet<String> needs(Membership proposal) {
    // Who is only in the old list is removed, and is not asked.
    return proposal.names();
  }

  /** Who must still sign this proposal, before {@link #append} takes it. */
  public SortedSet<String> missing(DsseEnvelope proposal) {
    Membership next = open(proposal, true);
    TreeSet<String> missing = new TreeSet<>(needs(next));
    missing.removeAll(signers(proposal, next));
    return missing;
  }

  /**
   * A party's signature on a proposal; does not add it.
   *
   * @throws RefusedException as {@link #open(DsseEnvelope, boolean)}
   */
  public DsseSignature sign(DsseEnvelope proposal, String party, SigningKey key) {
    open(proposal, true).member(party);
    return Dsse.sign(Dsse.MEMBERSHIP_TYPE, proposal.payload(), party, key);
  }

  /**
   * A proposal with one more signature.
   *
   * @throws RefusedException INVALID_SIGNATURE when it does not verify
   */
  public DsseEnvelope addSignature(DsseEnvelope proposal, DsseSignature signature) {
    Membership next = open(proposal, true);
    if (!verifies(proposal, next, signature)) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "signature by '%s' on membership version %d does not verify"
              .formatted(signature.keyId(), next.version()),
          Map.of("signer", signature.keyId(), "version", Long.toString(next.version())));
    }
    return proposal.with(signature);
  }

  /**
   * The chain with one more version.
   *
   * @throws RefusedException MEMBERSHIP_OUTDATED when it does not follow the newest version;
   *     INVALID_MEMBERSHIP when a signature is missing or a rule is broken
   */
  public MembershipChain append(DsseEnvelope next) {
    Membership opened = open(next, true);
    requireSigned(next, opened, needs(opened));
    List<DsseEnvelope> longer = new ArrayList<>(envelopes);
    longer.add(next);
    if (longer.size() > MAX_VERSIONS) {
      throw refused("chain is full at %d versions".formatted(MAX_VERSIONS));
    }
    return new MembershipChain(longer, opened);
  }

  /**
   * The chain with versions that somebody else has; those that are here already are skipped.
   *
   * @throws RefusedException MEMBERSHIP_OUTDATED when they are a fork of, or leave a gap after,
   *     what is here
   */
  public MembershipChain extend(List<DsseEnvelope> versions) {
    MembershipChain chain = this;
    for (DsseEnvelope version : versions) {
      long number = open(version).version();
      if (number > chain.envelopes.size()) {
        chain = chain.append(version);
      } else if (!chain.envelopes.get((int) number - 1).payload().equals(version.payload())) {
        throw new RefusedException(
            Reason.MEMBERSHIP_OUTDATED,
            "version %d of consortium '%s' is another than the one here: a fork"
                .formatted(number, current.consortium()),
            Map.of("version", Long.toString(number)));
      }
    }
    return chain;
  }

  /** The versions after this one, to send to who has only that. */
  public List<DsseEnvelope> after(long version) {
    int from = Math.clamp(version, 0, envelopes.size());
    return envelopes.subList(from, envelopes.size());
  }

  private void requireFollows(Membership next) {
    boolean follows =
        next.consortium().equals(current.consortium())
            && next.version() == current.version() + 1
            && Optional.ofNullable(next.previous()).equals(Optional.of(digest()));
    if (!follows) {
      throw new RefusedException(
          Reason.MEMBERSHIP_OUTDATED,
          "list '%s' version %d does not follow '%s' version %d; get the newest list and propose again"
              .formatted(
                  next.consortium(), next.version(), current.consortium(), current.version()),
          Map.of(
              "current", Long.toString(current.version()),
              "seen", Long.toString(next.version())));
    }
    requireOneRemoval(next);
    if (next.issued().isBefore(current.issued())) {
      throw refused("version %d is dated before the version before it".formatted(next.version()));
    }
    for (Member member : next.members()) {
      boolean otherKey =
          current
              .find(member.name())
              .filter(old -> !old.party().signingKey().equals(member.party().signingKey()))
              .isPresent();
      if (otherKey) {
        throw refused(
            "'%s' cannot change its signing key in place; remove it, and let it join again"
                .formatted(member.name()));
      }
    }
  }

  /**
   * One party leaves per version, and nobody comes in the same one: otherwise a single member could
   * sign a list that leaves out all the others, whose signatures it would then not need.
   */
  private void requireOneRemoval(Membership next) {
    TreeSet<String> gone = new TreeSet<>(current.names());
    gone.removeAll(next.names());
    boolean joins = !current.names().containsAll(next.names());
    if (gone.size() > 1 || (!gone.isEmpty() && joins)) {
      throw refused(
          "version %d leaves out %s; expected one party to go, and none to come, in a version"
              .formatted(next.version(), String.join(", ", gone)));
    }
  }

  private static Membership open(DsseEnvelope envelope) {
    if (!envelope.payloadType().equals(Dsse.MEMBERSHIP_TYPE)) {
      throw refused("envelope holds something else; expected '%s'".formatted(Dsse.MEMBERSHIP_TYPE));
    }
    return MembershipCodec.decode(envelope.payload());
  }

  private static void requireSigned(
      DsseEnvelope envelope, Membership list, SortedSet<String> needed) {
    TreeSet<String> missing = new TreeSet<>(needed);
    missing.removeAll(signers(envelope, list));
    if (!missing.isEmpty()) {
      throw refused(
          "version %d lacks a valid signature of %s"
              .formatted(list.version(), String.join(", ", missing)));
    }
  }

  private static SortedSet<String> signers(DsseEnvelope envelope, Membership list) {
    TreeSet<String> signers = new TreeSet<>();
    envelope.signatures().stream()
        .filter(signature -> verifies(envelope, list, signature))
        .forEach(signature -> signers.add(signature.keyId()));
    return signers;
  }

  private static boolean verifies(DsseEnvelope envelope, Membership list, DsseSignature signature) {
    return list.find(signature.keyId())
        .filter(member ->
            Dsse.verify(
                Dsse.MEMBERSHIP_TYPE, envelope.payload(), signature, member.party().signingKey()))
        .isPresent();
  }

  private static RefusedException refused(String problem) {
    return new RefusedException(
        Reason.INVALID_MEMBERSHIP, "membership: " + problem, Map.of("problem", problem));
  }
}
