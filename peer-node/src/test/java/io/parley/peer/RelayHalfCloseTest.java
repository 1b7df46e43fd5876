package io.parley.peer;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.link.Descriptor;
import io.parley.peer.TestConsortium.TestNode;
import io.parley.peer.testing.FakeShim;
import io.parley.proto.enclave.v1.HostFrame;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A relayed channel is two ways: whichever enclave ends its own leaves the other way open. */
class RelayHalfCloseTest {
  @TempDir Path root;

  @Test
  void theOpeningEnclaveSendsOnWhenTheAnsweringOneHasEnded() throws Exception {
    arrivesWhole("b", "a");
  }

  @Test
  void theAnsweringEnclaveSendsOnWhenTheOpeningOneHasEnded() throws Exception {
    arrivesWhole("a", "b");
  }

  private void arrivesWhole(String endsFirst, String sends) throws Exception {
    byte[] bytes = new byte[8 << 20];
    new Random(7).nextBytes(bytes);
    CompletableFuture<byte[]> arrived = new CompletableFuture<>();
    try (TestConsortium consortium = new TestConsortium(root, "relay", "a", "b")) {
      TestNode a = consortium.node("a");
      consortium
          .node(endsFirst)
          .enclaves
          .script(shim -> {
            Descriptor channel = channel(shim);
            channel.shutdownOutput();
            arrived.complete(FakeShim.readAll(channel));
            shim.hang();
          });
      consortium
          .node(sends)
          .enclaves
          .script(shim -> {
            Descriptor channel = channel(shim);
            // Not a byte before the other way is known to have ended.
            if (channel.read(ByteBuffer.allocate(1)) >= 0) {
              throw new IllegalStateException("a byte came from who has ended");
            }
            channel.writeFully(ByteBuffer.wrap(bytes));
            channel.shutdownOutput();
            shim.hang();
          });
      var unused = a.submit("x");
      assertThat(arrived.get(60, TimeUnit.SECONDS)).isEqualTo(bytes);
    }
  }

  private static Descriptor channel(FakeShim shim) {
    var unused = shim.start();
    if (shim.party().equals("a")) {
      shim.openChannel("b", "dataset/a");
    }
    return FakeShim.descriptor(shim.next(HostFrame.FrameCase.CHANNEL_READY));
  }
}
