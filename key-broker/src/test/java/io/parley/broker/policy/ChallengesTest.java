package io.parley.broker.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.MutableTime;
import io.parley.broker.jobs.StoredJob;
import io.parley.wire.Digest;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class ChallengesTest {
  private static final Duration VALID = Duration.ofMinutes(2);

  private static final StoredJob JOB =
      new StoredJob(
          "job", Digest.of(new byte[] {1}), Digest.of(new byte[] {2}), "insurer", "request", 1);

  private final MutableTime time = new MutableTime(Instant.EPOCH);
  private final Challenges challenges = new Challenges(new SecureRandom(), time::nanoTime, VALID);

  @Test
  void isRedeemedOnce() {
    Challenge challenge = challenges.create(JOB, "hospital");
    assertThat(challenges.redeem(challenge.nonce(), "hospital")).contains(challenge);
    assertThat(challenges.redeem(challenge.nonce(), "hospital")).isEmpty();
  }

  @Test
  void anotherPartyNeitherRedeemsNorBurnsIt() {
    Challenge challenge = challenges.create(JOB, "hospital");
    assertThat(challenges.redeem(challenge.nonce(), "insurer")).isEmpty();
    assertThat(challenges.redeem(challenge.nonce(), "hospital")).contains(challenge);
  }

  @Test
  void anUnknownNonceIsNotRedeemed() {
    assertThat(challenges.redeem(ByteString.copyFrom(new byte[32]), "hospital")).isEmpty();
  }

  @Test
  void expiresOnTheMonotonicClockAlsoAcrossItsWrap() {
    Challenge early = challenges.create(JOB, "hospital");
    time.pass(VALID.minusNanos(1));
    Challenge late = challenges.create(JOB, "hospital");
    assertThat(challenges.redeem(early.nonce(), "hospital")).contains(early);
    Challenge tooOld = late;
    time.pass(VALID);
    assertThat(challenges.redeem(tooOld.nonce(), "hospital")).isEmpty();
  }

  @Test
  void aWallClockSetBackLengthensNothing() {
    Challenge challenge = challenges.create(JOB, "hospital");
    time.pass(VALID);
    time.set(Instant.EPOCH.minus(Duration.ofDays(1)));
    assertThat(challenges.redeem(challenge.nonce(), "hospital")).isEmpty();
  }

  @Test
  void onePartyCannotTakeTheRoomOfAnother() {
    for (int i = 0; i < Challenges.PER_PARTY_MAX; i++) {
      challenges.create(JOB, "hospital");
    }
    assertThatThrownBy(() -> challenges.create(JOB, "hospital"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("hospital");
    assertThat(challenges.create(JOB, "insurer")).isNotNull();
    time.pass(VALID);
    assertThat(challenges.create(JOB, "hospital")).isNotNull();
  }

  @Test
  void usedOnesMakeRoom() {
    for (int i = 0; i < 3 * Challenges.PER_PARTY_MAX; i++) {
      Challenge challenge = challenges.create(JOB, "hospital");
      assertThat(challenges.redeem(challenge.nonce(), "hospital")).isPresent();
    }
  }

  @Test
  void ofManyThatRedeemAtOnceOneSucceeds() throws InterruptedException {
    for (int round = 0; round < 50; round++) {
      Challenge challenge = challenges.create(JOB, "hospital");
      AtomicInteger redeemed = new AtomicInteger();
      CountDownLatch start = new CountDownLatch(1);
      Thread[] threads = new Thread[8];
      for (int i = 0; i < threads.length; i++) {
        threads[i] =
            Thread.ofPlatform()
                .start(() -> {
                  try {
                    start.await();
                  } catch (InterruptedException e) {
                    return;
                  }
                  if (challenges.redeem(challenge.nonce(), "hospital").isPresent()) {
                    redeemed.incrementAndGet();
                  }
                });
      }
      start.countDown();
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(redeemed).hasValue(1);
    }
  }
}
