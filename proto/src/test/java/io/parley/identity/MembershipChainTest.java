package io.parley.identity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class MembershipChainTest {
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final PartyIdentity A = party("a");
  private static final PartyIdentity B = party("b");
  private static final PartyIdentity C = party("c");
  private static final Broker BROKER =
      BrokerIdentity.generate("keys", new TestClock(NOW), new SecureRandom())
          .broker("127.0.0.1:7000");

  private final MembershipChain founded =
      MembershipChain.found("health", NOW, member(A), BROKER, A.signingKey());
  private final MembershipChain two = join(founded, B, A);
  private final MembershipChain three = join(two, C, A, B);

  private static PartyIdentity party(String name) {
    return PartyIdentity.generate(name, new TestClock(NOW), new SecureRandom());
  }

  private static Member member(PartyIdentity party) {
    return party.member("127.0.0.1:7001");
  }

  private static MembershipChain join(
      MembershipChain chain, PartyIdentity joiner, PartyIdentity... others) {
    DsseEnvelope proposal = chain.proposeJoin(member(joiner), NOW);
    proposal = sign(chain, proposal, joiner);
    return chain.append(sign(chain, proposal, others));
  }

  private static DsseEnvelope sign(
      MembershipChain chain, DsseEnvelope proposal, PartyIdentity... signers) {
    DsseEnvelope signed = proposal;
    for (PartyIdentity signer : signers) {
      signed = chain.addSignature(signed, chain.sign(signed, signer.name(), signer.signingKey()));
    }
    return signed;
  }

  @Test
  void growsMemberByMember() {
    assertThat(three.current().names()).containsExactly("a", "b", "c");
    assertThat(three.current().version()).isEqualTo(3);
    assertThat(MembershipChain.verify(three.envelopes()).current()).isEqualTo(three.current());
    assertThat(MembershipChain.verify(three.envelopes()).digest()).isEqualTo(three.digest());
  }

  @Test
  void joiningNeedsEverybodyAndTheJoiner() {
    DsseEnvelope proposal = two.proposeJoin(member(C), NOW);
    assertThat(two.needs(two.open(proposal, true))).containsExactly("a", "b", "c");
    assertThat(two.missing(proposal)).containsExactly("a", "b", "c");
    DsseEnvelope half = sign(two, proposal, C, A);
    assertThat(two.missing(half)).containsExactly("b");
    refuse(() -> two.append(half), Reason.INVALID_MEMBERSHIP, "lacks a valid signature of b");
    refuse(
        () -> two.append(sign(two, proposal, A, B)),
        Reason.INVALID_MEMBERSHIP,
        "lacks a valid signature of c");
  }

  @Test
  void removingNeedsAllTheOthers() {
    DsseEnvelope proposal = three.proposeRemoval("b", NOW);
    assertThat(three.missing(proposal)).containsExactly("a", "c");
    refuse(
        () -> three.append(sign(three, proposal, A)),
        Reason.INVALID_MEMBERSHIP,
        "lacks a valid signature of c");
    MembershipChain without = three.append(sign(three, proposal, A, C));
    assertThat(without.current().names()).containsExactly("a", "c");
    assertThat(MembershipChain.verify(without.envelopes()).current().names())
        .containsExactly("a", "c");
  }

  @Test
  void aSingleMemberCannotLeaveOutAllTheOthers() {
    refuse(
        () -> three.propose(List.of(member(A)), BROKER, NOW),
        Reason.INVALID_MEMBERSHIP,
        "leaves out b, c");
  }

  @Test
  void nobodyIsReplacedInOneStep() {
    refuse(
        () -> two.propose(List.of(member(A), member(C)), BROKER, NOW),
        Reason.INVALID_MEMBERSHIP,
        "leaves out b");
  }

  @Test
  void theRemovedHaveNoSay() {
    DsseEnvelope proposal = three.proposeRemoval("b", NOW);
    refuse(
        () ->
            three.addSignature(
                proposal, Dsse.sign(Dsse.MEMBERSHIP_TYPE, proposal.payload(), "b", B.signingKey())),
        Reason.INVALID_SIGNATURE,
        "signature by 'b' on membership version 4 does not verify");
    assertThatThrownBy(() -> three.sign(proposal, "b", B.signingKey()))
        .hasMessageContaining("'b' is no member");
  }

  @Test
  void everySignatureMustBeBesideItsOwnName() {
    DsseEnvelope proposal = founded.proposeJoin(member(B), NOW);
    DsseSignature posing = founded.sign(proposal, "a", B.signingKey());
    refuse(
        () -> founded.addSignature(proposal, posing), Reason.INVALID_SIGNATURE, "does not verify");
    DsseEnvelope posed =
        new DsseEnvelope(
            Dsse.MEMBERSHIP_TYPE,
            proposal.payload(),
            List.of(posing, founded.sign(proposal, "b", B.signingKey())));
    refuse(() -> founded.append(posed), Reason.INVALID_MEMBERSHIP, "lacks a valid signature of a");
  }

  @Test
  void flippedBytesOfAListBreaksTheChain() {
    DsseEnvelope last = three.envelopes().getLast();
    byte[] payload = last.payload().toByteArray();
    // Every seventh: keys and certificates make the list long, and each try checks signatures.
    for (int i = 0; i < payload.length; i += 7) {
      payload[i] ^= 1;
      DsseEnvelope changed =
          new DsseEnvelope(Dsse.MEMBERSHIP_TYPE, ByteString.copyFrom(payload), last.signatures());
      assertThatThrownBy(() -> two.append(changed)).isInstanceOf(RefusedException.class);
      payload[i] ^= 1;
    }
  }

  @Test
  void changedMiddlesReorderingsAndGapsBreakTheChain() {
    List<DsseEnvelope> all = three.envelopes();
    refuseChain(List.of());
    refuseChain(List.of(all.get(1), all.get(2)));
    refuseChain(List.of(all.get(0), all.get(2)));
    refuseChain(List.of(all.get(0), all.get(2), all.get(1)));
    refuseChain(List.of(all.get(0), all.get(0)));
    refuseChain(List.of(all.get(0), all.get(1), all.get(1)));
    MembershipChain other = join(founded, party("b"), A);
    refuseChain(List.of(all.get(0), other.envelopes().get(1), all.get(2)));
  }

  private static void refuseChain(List<DsseEnvelope> chain) {
    assertThatThrownBy(() -> MembershipChain.verify(chain))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e ->
                assertThat(e.reason()).isIn(Reason.INVALID_MEMBERSHIP, Reason.MEMBERSHIP_OUTDATED));
  }

  @Test
  void startsWithOneFounderWhoSigned() {
    DsseEnvelope first = founded.envelopes().getFirst();
    refuseChain(List.of(new DsseEnvelope(Dsse.MEMBERSHIP_TYPE, first.payload(), List.of())));
    ByteString twoFounders =
        MembershipCodec.encode(
            new Membership("health", 1, null, NOW, List.of(member(A), member(B)), BROKER));
    refuseChain(
        List.of(
            new DsseEnvelope(
                Dsse.MEMBERSHIP_TYPE,
                twoFounders,
                List.of(
                    Dsse.sign(Dsse.MEMBERSHIP_TYPE, twoFounders, "a", A.signingKey()),
                    Dsse.sign(Dsse.MEMBERSHIP_TYPE, twoFounders, "b", B.signingKey())))));
    assertThatThrownBy(
            () -> MembershipChain.found("health", NOW, member(A), BROKER, B.signingKey()))
        .hasMessageContaining("lacks a valid signature of a");
  }

  @Test
  void aProposalOnAnOlderListIsOutdated() {
    DsseEnvelope old = sign(two, two.proposeJoin(member(C), NOW), A, B, C);
    MembershipChain without = two.append(sign(two, two.proposeRemoval("b", NOW), A));
    refuse(() -> without.append(old), Reason.MEMBERSHIP_OUTDATED, "does not follow");
    refuse(() -> without.missing(old), Reason.MEMBERSHIP_OUTDATED, "get the newest list");
    refuse(() -> three.append(two.envelopes().getLast()), Reason.MEMBERSHIP_OUTDATED, "version 2");
  }

  @Test
  void aListOfAnotherConsortiumDoesNotFollow() {
    MembershipChain other =
        MembershipChain.found("banking", NOW, member(A), BROKER, A.signingKey());
    DsseEnvelope foreign = sign(other, other.proposeJoin(member(B), NOW), A, B);
    refuse(() -> founded.append(foreign), Reason.MEMBERSHIP_OUTDATED, "does not follow");
  }

  @Test
  void aSigningKeyIsNeverChangedInPlace() {
    PartyIdentity otherB = party("b");
    assertThatThrownBy(() -> two.propose(List.of(member(A), member(otherB)), BROKER, NOW))
        .hasMessageContaining("'b' cannot change its signing key in place");
  }

  @Test
  void addressesAndTheBrokerMayChangeWhenAllSign() {
    Broker moved =
        BrokerIdentity.generate("other", new TestClock(NOW), new SecureRandom())
            .broker("10.0.0.1:7000");
    DsseEnvelope proposal = two.propose(List.of(A.member("10.0.0.2:1"), member(B)), moved, NOW);
    MembershipChain changed = two.append(sign(two, proposal, A, B));
    assertThat(changed.current().broker()).isEqualTo(moved);
    assertThat(changed.current().member("a").address()).isEqualTo("10.0.0.2:1");
  }

  @Test
  void extendsByWhatIsNewAndRefusesForks() {
    assertThat(founded.extend(three.envelopes()).digest()).isEqualTo(three.digest());
    assertThat(founded.extend(three.after(1)).digest()).isEqualTo(three.digest());
    assertThat(three.extend(two.envelopes())).isSameAs(three);
    assertThat(three.after(3)).isEmpty();
    assertThat(three.after(0)).hasSize(3);
    MembershipChain fork = join(founded, party("b"), A);
    refuse(() -> three.extend(fork.envelopes()), Reason.MEMBERSHIP_OUTDATED, "a fork");
    refuse(() -> founded.extend(three.after(2)), Reason.MEMBERSHIP_OUTDATED, "does not follow");
  }

  @Test
  void timeNeverRunsBackwards() {
    DsseEnvelope clamped = two.proposeJoin(member(C), NOW.minusSeconds(60));
    assertThat(two.open(clamped, true).issued()).isEqualTo(NOW);
    ByteString backdated =
        MembershipCodec.encode(
            new Membership(
                "health", 3, two.digest(), NOW.minusSeconds(1), List.of(member(A)), BROKER));
    refuse(
        () ->
            two.append(
                new DsseEnvelope(
                    Dsse.MEMBERSHIP_TYPE,
                    backdated,
                    List.of(Dsse.sign(Dsse.MEMBERSHIP_TYPE, backdated, "a", A.signingKey())))),
        Reason.INVALID_MEMBERSHIP,
        "dated before");
  }

  @Test
  void refusesWhoIsThereOrIsNot() {
    refuse(() -> two.proposeJoin(member(B), NOW), Reason.ALREADY_EXISTS, "'b' is a member");
    refuse(() -> two.proposeRemoval("c", NOW), Reason.NOT_A_MEMBER, "'c' is no member");
    refuse(() -> founded.proposeRemoval("a", NOW), Reason.INVALID_MEMBERSHIP, "1 to 64 members");
  }

  @Test
  void refusesEnvelopesOfSomethingElse() {
    DsseEnvelope receipt =
        new DsseEnvelope(
            Dsse.RECEIPT_TYPE,
            two.envelopes().getLast().payload(),
            two.envelopes().getLast().signatures());
    List<DsseEnvelope> chain = new ArrayList<>(founded.envelopes());
    chain.add(receipt);
    refuse(
        () -> MembershipChain.verify(chain),
        Reason.INVALID_MEMBERSHIP,
        "envelope holds something else");
  }

  private static void refuse(Runnable action, Reason reason, String message) {
    assertThatThrownBy(action::run)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(reason))
        .hasMessageContaining(message);
  }
}
