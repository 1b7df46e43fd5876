package io.parley.peer.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.parley.peer.store.JobState;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

class InboundJobTest {
  /** Keeps what is sent back. */
  private static final class Back implements PeerStream {
    private final List<PeerMessage> sent = new CopyOnWriteArrayList<>();
    private volatile boolean closed;

    @Override
    public void send(PeerMessage message) {
      sent.add(message);
    }

    @Override
    public void close() {
      closed = true;
    }

    private Reason refusal() throws Exception {
      await().atMost(Duration.ofSeconds(20)).until(() -> closed);
      assertThat(sent).hasSize(1);
      PeerMessage.End end = (PeerMessage.End) sent.getFirst();
      assertThat(end.state()).isEqualTo(JobState.FAILED);
      return Statuses.fromStatus(com.google.rpc.Status.parseFrom(end.status())).reason();
    }
  }

  private final Back back = new Back();
  private final InboundJob inbound =
      new InboundJob(
          "a",
          back,
          (caller, wish, stream) -> {
            throw new AssertionError("nothing is to be joined");
          });

  @Test
  void aStreamThatAsksForNothingIsEnded() throws Exception {
    inbound.expectWish(Duration.ofMillis(50));
    assertThat(back.refusal()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
  }

  @Test
  void aStreamThatDoesNotBeginWithJoinIsEnded() throws Exception {
    inbound.message(new PeerMessage.Start());
    assertThat(back.refusal()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN);
    for (int i = 0; i < 1000; i++) {
      inbound.message(new PeerMessage.Progress("a", "x", "y"));
    }
    assertThat(back.sent).hasSize(1);
  }
}
