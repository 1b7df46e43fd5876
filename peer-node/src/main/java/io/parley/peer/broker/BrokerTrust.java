package io.parley.peer.broker;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.evidence.BrokerStatement;
import io.parley.identity.Broker;
import io.parley.identity.Membership;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.stream.Collectors;

/**
 * Looks, for this party's own protection, whether the broker runs where an agreement demands it. A
 * good answer holds for {@link #GOOD_FOR}, for the same broker key, demand and TLS certificate;
 * every question has a fresh nonce. Default deny: what an agreement demands and cannot be checked
 * is refused.
 *
 * <p>Not guaranteed: that the broker's keys were never anywhere else; the evidence says where they
 * are used when it is made. Thread-safe; a call blocks, and one question is asked at a time.
 */
public final class BrokerTrust {
  /** How long a good answer is remembered. */
  public static final Duration GOOD_FOR = Duration.ofMinutes(10);

  private static final Duration TURN_WITHIN = Duration.ofSeconds(30);
  private static final int REMEMBERED_MAX = 64;

  /** What an answer was about. */
  private record Subject(Digest broker, Digest demand, Digest certificate) {}

  private final BrokerSource source;
  private final BrokerJudge judge;
  private final Supplier<Membership> membership;
  private final SecureRandom random;
  private final InstantSource clock;
  private final LongSupplier nanoTime;
  private final ReentrantLock turn = new ReentrantLock(true);

  /** When each good answer ends to hold; guarded by {@link #turn}. */
  private final Map<Subject, Long> good =
      new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Subject, Long> eldest) {
          return size() > REMEMBERED_MAX;
        }
      };

  /**
   * @param clock for certificates and collateral
   * @param nanoTime monotonic, for how long answers hold
   */
  public BrokerTrust(
      BrokerSource source,
      BrokerJudge judge,
      Supplier<Membership> membership,
      SecureRandom random,
      InstantSource clock,
      LongSupplier nanoTime) {
    this.source = source;
    this.judge = judge;
    this.membership = membership;
    this.random = random;
    this.clock = clock;
    this.nanoTime = nanoTime;
  }

  /**
   * Returns when the agreement demands no evidence of the broker's own, or the broker has shown it.
   *
   * @throws RefusedException BROKER_EVIDENCE_MISSING, BROKER_EVIDENCE_WRONG with claim, expected
   *     and seen; BROKER_KEY_WRONG when the agreement is with another broker
   * @throws EnvironmentException BROKER_EVIDENCE_UNCHECKED, BROKER_UNAVAILABLE
   */
  public void require(Agreement agreement) {
    List<PlatformPolicy> demand = agreement.brokerEvidence();
    if (demand.isEmpty()) {
      return;
    }
    Broker broker = membership.get().broker();
    if (!broker.digest().equals(agreement.broker())) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "agreement '%s' is with broker %s; the consortium's is %s"
              .formatted(agreement.name(), agreement.broker(), broker.digest()),
          Map.of("expected", agreement.broker().toString(), "seen", broker.digest().toString()));
    }
    takeTurn();
    try {
      Subject now = new Subject(broker.digest(), digest(demand), source.certificate());
      Long until = good.get(now);
      if (until != null && until - nanoTime.getAsLong() > 0) {
        return;
      }
      good.remove(now);
      Answer answer = ask(broker, demand);
      Refusals.throwUnlessAccepted(agreement.name(), demand, answer.judgement());
      good.put(
          new Subject(now.broker(), now.demand(), answer.certificate()),
          nanoTime.getAsLong() + GOOD_FOR.toNanos());
    } catch (RefusedException e) {
      throw Refusals.named(agreement.name(), demand, e);
    } finally {
      turn.unlock();
    }
  }

  /**
   * Asks and judges now, whatever is remembered.
   *
   * @param demand empty: the evidence is only looked at
   * @throws ParleyException as {@link #require}, when the broker shows nothing at all
   */
  public Judgement look(List<PlatformPolicy> demand) {
    takeTurn();
    try {
      return ask(membership.get().broker(), demand).judgement();
    } finally {
      turn.unlock();
    }
  }

  private record Answer(Judgement judgement, Digest certificate) {}

  private Answer ask(Broker broker, List<PlatformPolicy> demand) {
    byte[] nonce = new byte[BrokerStatement.NONCE_BYTES];
    random.nextBytes(nonce);
    ByteString asked = ByteString.copyFrom(nonce);
    BrokerSource.Shown shown = source.evidence(asked);
    BrokerStatement expected =
        new BrokerStatement(asked, broker.signingKey().value(), shown.certificate());
    try {
      return new Answer(
          judge.judge(new Question(shown.evidence(), expected, demand, clock.instant())),
          shown.certificate());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private void takeTurn() {
    try {
      if (!turn.tryLock(TURN_WITHIN.toMillis(), TimeUnit.MILLISECONDS)) {
        throw new EnvironmentException(
            Reason.BROKER_EVIDENCE_UNCHECKED,
            "others have the broker's evidence checked, for too long; try again");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw interrupted();
    }
  }

  private static EnvironmentException interrupted() {
    return new EnvironmentException(
        Reason.BROKER_EVIDENCE_UNCHECKED, "interrupted before the broker's evidence was checked");
  }

  private static Digest digest(List<PlatformPolicy> demand) {
    return Digest.of(
        demand.stream()
            .map(
                policy -> Digest.of(StrictMessages.encode(PlatformCodec.toMessage(policy))).value())
            .collect(Collectors.reducing(ByteString.EMPTY, ByteString::concat)));
  }
}
