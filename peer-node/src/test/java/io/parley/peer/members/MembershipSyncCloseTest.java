package io.parley.peer.members;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Channel;
import io.grpc.Status;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Broker;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Member;
import io.parley.identity.MembershipChain;
import io.parley.identity.PartyIdentity;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MembershipSyncCloseTest {
  private static final long WAIT_SECONDS = 30;

  @TempDir Path folder;

  @Test
  void closeReturnsWhenTheRunningRoundHasEnded() throws Exception {
    SlowBroker slow = new SlowBroker();
    MembershipSync sync = new MembershipSync("hospital", folder, found(), slow);
    sync.start();
    assertThat(slow.entered.await(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();

    CompletableFuture<Boolean> roundHadEnded =
        CompletableFuture.supplyAsync(() -> {
          sync.close();
          return slow.ended.get();
        });
    Assertions.assertThatThrownBy(() -> roundHadEnded.get(300, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    slow.release.countDown();

    assertThat(roundHadEnded.get(WAIT_SECONDS, TimeUnit.SECONDS)).isTrue();
    sync.soon();
    sync.close();
  }

  private MembershipStore found() throws Exception {
    SecureRandom random = new SecureRandom();
    Clock clock = Clock.systemUTC();
    PartyIdentity hospital = PartyIdentity.generate("hospital", clock, random);
    MembershipChain chain =
        MembershipChain.found(
            "wards",
            clock.instant(),
            hospital.member("127.0.0.1:1"),
            BrokerIdentity.generate("keys", clock, random).broker("127.0.0.1:2"),
            hospital.signingKey());
    DsseEnvelope list = chain.envelopes().getFirst();
    Files.write(folder.resolve("0001.dsse"), list.encode().toByteArray());
    return MembershipStore.open(folder);
  }

  /** Takes its time to fail, and does not care for interrupts. */
  private static final class SlowBroker implements Connections {
    private final CountDownLatch entered = new CountDownLatch(1);
    private final CountDownLatch release = new CountDownLatch(1);
    private final AtomicBoolean ended = new AtomicBoolean();

    @Override
    public Channel peer(Member member) {
      throw new AssertionError("there is no other member");
    }

    @Override
    public Channel broker(Broker broker) {
      entered.countDown();
      while (release.getCount() > 0) {
        try {
          release.await();
        } catch (InterruptedException e) {
          // On purpose.
        }
      }
      ended.set(true);
      throw Status.UNAVAILABLE.asRuntimeException();
    }
  }
}
