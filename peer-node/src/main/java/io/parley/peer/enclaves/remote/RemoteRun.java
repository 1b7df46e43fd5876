package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.ManagedChannel;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.link.Sockets;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveExit;
import io.parley.peer.platform.Credentials;
import io.parley.proto.enclave.v1.Finished;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An enclave in a confidential VM, as the rest of the node sees it: behind a link whose other end
 * is copied to and from the server. A failure on the way is told over that link as the enclave's
 * last word, so that it ends a job as the enclave's own would. Thread-safe.
 */
final class RemoteRun implements Enclave {
  private static final Logger LOG = LoggerFactory.getLogger(RemoteRun.class);
  private static final long END_SECONDS = 15;

  private final ManagedChannel channel;
  private final RunCall call;
  private final HandOvers handOvers;
  private final BrokerCalls brokerCalls;
  private final HostLink host;
  private final HostLink inner;
  private final Consumer<RemoteRun> whenClosed;
  private final AtomicReference<@Nullable ParleyException> trouble = new AtomicReference<>();
  private final CompletableFuture<EnclaveExit> exit = new CompletableFuture<>();

  private RemoteRun(
      ManagedChannel channel,
      RunCall call,
      HandOvers handOvers,
      BrokerCalls brokerCalls,
      List<Descriptor> pair,
      Consumer<RemoteRun> whenClosed) {
    this.channel = channel;
    this.call = call;
    this.handOvers = handOvers;
    this.brokerCalls = brokerCalls;
    this.host = new HostLink(pair.getFirst());
    this.inner = new HostLink(pair.getLast());
    this.whenClosed = whenClosed;
  }

  /** Copies from now on. Takes channel and call over. */
  static RemoteRun begin(
      ManagedChannel channel,
      RunCall call,
      HandOvers handOvers,
      BrokerCalls brokerCalls,
      ExecutorService threads,
      Consumer<RemoteRun> whenClosed) {
    try {
      RemoteRun run =
          new RemoteRun(channel, call, handOvers, brokerCalls, Sockets.pair(), whenClosed);
      threads.execute(run::outwards);
      threads.execute(run::inwards);
      return run;
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot make a socket pair: " + e.getMessage(), Map.of(), e);
    }
  }

  /** From this node to the shim. */
  private void outwards() {
    try {
      while (true) {
        Received received = inner.receive();
        if (received.descriptors().isEmpty()) {
          call.send(received.frame());
        } else {
          handOvers.begin(received, this::troubled);
        }
      }
    } catch (ParleyException e) {
      // A closed link is how this node ends it; the other direction says what else happened.
      if (e.reason() != Reason.LINK_CLOSED) {
        troubled(e);
      }
    }
  }

  /** Something on the way failed: it is the enclave's last word, whatever that says itself. */
  private void troubled(ParleyException why) {
    trouble.compareAndSet(null, why);
    call.end();
  }

  /** From the shim to this node. */
  private void inwards() {
    EnclaveExit end = new EnclaveExit(-1, false, "it was given up");
    try {
      for (RunCall.Heard heard = call.next(); ; heard = call.next()) {
        switch (heard) {
          case RunCall.Heard.Frame frame -> {
            forward(frame.bytes());
            call.request();
            continue;
          }
          case RunCall.Heard.Wish wish -> {
            brokerCalls.begin(wish.wish(), call);
            call.request();
            continue;
          }
          case RunCall.Heard.Ended ended -> end = ended.exit();
          case RunCall.Heard.Lost lost -> {
            trouble.compareAndSet(null, lost.why());
            end = new EnclaveExit(-1, false, String.valueOf(lost.why().getMessage()));
          }
        }
        break;
      }
      lastWord();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      handOvers.abort();
      inner.close();
      exit.complete(end);
    }
  }

  private void forward(ByteString frame) {
    if (finished(frame)) {
      // The host measures the results when it hears this.
      handOvers.awaitResults(this::troubled);
    }
    if (trouble.get() == null) {
      send(frame.toByteArray());
    }
  }

  private static boolean finished(ByteString frame) {
    try {
      return ShimFrame.parseFrom(frame).hasFinished();
    } catch (InvalidProtocolBufferException e) {
      return false;
    }
  }

  private void lastWord() {
    @Nullable ParleyException why = trouble.get();
    if (why != null) {
      send(
          ShimFrame.newBuilder()
              .setFinished(Finished.newBuilder().setStatus(Statuses.toStatus(why).toByteString()))
              .build()
              .toByteArray());
    }
  }

  private void send(byte[] frame) {
    try {
      inner.send(frame);
    } catch (ParleyException e) {
      LOG.atDebug().setCause(e).log("the host listens to the enclave no more");
    }
  }

  @Override
  public HostLink link() {
    return host;
  }

  /** Never: evidence is made where the enclave is, for what its shim asks, and not for a host. */
  @Override
  public ByteString attest(ByteString reportData, Credentials credentials) {
    throw new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN,
        "a remote enclave asks its own platform for evidence, not this node");
  }

  @Override
  public CompletableFuture<EnclaveExit> exit() {
    return exit.copy();
  }

  @Override
  public void kill() {
    call.end();
  }

  @Override
  public void close() {
    host.close();
    call.end();
    try {
      var unused = exit.get(END_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (TimeoutException e) {
      LOG.atWarn().log("the enclave server has not said that an enclave ended; its call is cut");
    } catch (ExecutionException e) {
      throw new BugException("an exit never fails", e);
    } finally {
      call.cancel();
      handOvers.abort();
      inner.close();
      channel.shutdownNow();
      whenClosed.accept(this);
    }
  }
}
