package io.parley.identity;

import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * One version of the list of parties that know each other.
 *
 * <p>Guarantee: names, CA certificates and signing keys are each of one member only. Not
 * guaranteed: that anybody signed it ({@link MembershipChain}). Immutable.
 *
 * @param previous SHA-256 of the version before; null in version 1
 * @param members sorted by name
 */
public record Membership(
    String consortium,
    long version,
    @Nullable Digest previous,
    Instant issued,
    List<Member> members,
    Broker broker) {
  /** Most members. */
  public static final int MAX_MEMBERS = 64;

  /**
   * @throws RefusedException INVALID_MEMBERSHIP that says what is wrong
   */
  public Membership {
    members = members.stream().sorted(Comparator.comparing(Member::name)).toList();
    require(Names.isLabel(consortium), "consortium's name must be a label");
    require(version >= 1, "version must be 1 or more");
    require(
        (version == 1) == (previous == null),
        "version 1 has no version before it, and every other version names it");
    require(
        !members.isEmpty() && members.size() <= MAX_MEMBERS,
        "there must be 1 to %d members".formatted(MAX_MEMBERS));
    requireOneOwnerEach(members, broker);
  }

  // A CA or key of two members would let one of them speak for the other.
  private static void requireOneOwnerEach(List<Member> members, Broker broker) {
    Set<Object> seen = new HashSet<>(Set.of(broker.signingKey(), publicKey(broker.ca())));
    for (Member member : members) {
      require(seen.add(member.name()), "'%s' is there twice".formatted(member.name()));
      require(
          seen.add(member.party().signingKey()),
          "'%s' has the signing key of another".formatted(member.name()));
      require(
          seen.add(member.party().simulatedPlatformKey()),
          "'%s' has a simulated platform key that is in use".formatted(member.name()));
      require(
          seen.add(member.party().witnessKey()),
          "'%s' has a witness key that is in use".formatted(member.name()));
      require(
          seen.add(publicKey(member.ca())),
          "'%s' has the CA key of another".formatted(member.name()));
    }
  }

  private static com.google.protobuf.ByteString publicKey(CaCertificate ca) {
    return com.google.protobuf.ByteString.copyFrom(ca.x509().getPublicKey().getEncoded());
  }

  private static void require(boolean fine, String problem) {
    if (!fine) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP, "membership list: " + problem, Map.of("problem", problem));
    }
  }

  /** The names of all members, sorted. */
  public SortedSet<String> names() {
    TreeSet<String> names = new TreeSet<>();
    members.forEach(member -> names.add(member.name()));
    return Collections.unmodifiableSortedSet(names);
  }

  /** The member of this name, if it is one. */
  public Optional<Member> find(String party) {
    return members.stream().filter(m -> m.name().equals(party)).findFirst();
  }

  /**
   * The member of this name.
   *
   * @throws RefusedException NOT_A_MEMBER when there is none
   */
  public Member member(String party) {
    return find(party)
        .orElseThrow(() ->
            new RefusedException(
                Reason.NOT_A_MEMBER,
                "'%s' is no member of consortium '%s' (version %d)"
                    .formatted(party, consortium, version),
                Map.of("party", party, "consortium", consortium)));
  }

  /**
   * The root that this caller's certificate must chain to.
   *
   * @throws RefusedException NOT_A_MEMBER when its party is none, or it claims to be a broker of
   *     another name
   */
  public CaCertificate caOf(Caller caller) {
    if (caller.role() != Role.BROKER) {
      return member(caller.party()).ca();
    }
    if (!caller.name().equals(broker.name())) {
      throw new RefusedException(
          Reason.NOT_A_MEMBER,
          "'%s' is not the broker of consortium '%s', which is '%s'"
              .formatted(caller.name(), consortium, broker.name()),
          Map.of("expected", broker.name(), "seen", caller.name()));
    }
    return broker.ca();
  }
}
