package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainCodec;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.peer.apps.AppStore;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveApps;
import io.parley.peer.enclaves.EnclaveExit;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.peer.grpc.Calls;
import io.parley.peer.grpc.FlowWriter;
import io.parley.proto.agreement.v1.PlatformPolicy;
import io.parley.proto.enclave.v1.EnclaveEnded;
import io.parley.proto.enclave.v1.EnclaveStarted;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Reply;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.RunEnclaveRequest;
import io.parley.proto.enclave.v1.RunEnclaveResponse;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartEnclave;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One enclave at the server, for as long as the node's call lasts. Frames pass as they are; what
 * the shim asks its platform is answered here, and nothing that the node says can ask it.
 *
 * <p>Thread-safe. The enclave dies when the call ends, breaks, or sends what it may not; nothing is
 * left of it when the call has been answered.
 */
final class ServedRun implements StreamObserver<RunEnclaveRequest> {
  /**
   * What runs are made with.
   *
   * @param runs those that have started, by their names
   * @param threads platform threads: they block in the kernel
   */
  record Needs(
      EnclaveLauncher launcher,
      String evidenceKind,
      AppStore apps,
      Capacity capacity,
      Map<ByteString, ServedRun> runs,
      ExecutorService threads) {}

  static final Duration TIMEOUT_MAX = Duration.ofHours(24);

  private static final Logger LOG = LoggerFactory.getLogger(ServedRun.class);
  private static final int FRAMES_ASKED = 4;
  private static final long START_WITHIN_SECONDS = 10;
  private static final long INTRODUCED_WITHIN_SECONDS = 30;
  private static final long EXIT_WITHIN_SECONDS = 10;

  /**
   * Three for the keys, three more for each verification gate before them, and a few tries again.
   */
  private static final int CALLS_MAX = 256;

  private static final int CALLS_AT_ONCE = 4;
  private static final int REPORT_DATA_BYTES = 64;
  private static final Pattern JOB_ID = Pattern.compile("[0-9A-Za-z._-]{1,64}");
  private static final ByteString END = ByteString.EMPTY;

  private final Needs needs;
  private final ByteString name;
  private final ServerCallStreamObserver<RunEnclaveResponse> out;
  private final FlowWriter<RunEnclaveResponse> writer;
  private final CompletableFuture<StartEnclave> order = new CompletableFuture<>();
  private final BlockingQueue<ByteString> frames = new ArrayBlockingQueue<>(FRAMES_ASKED + 2);
  private final CountDownLatch introduced = new CountDownLatch(1);
  private final Semaphore callsAtOnce = new Semaphore(CALLS_AT_ONCE);
  private final HandedOver handed = new HandedOver();
  private final AskedCredentials credentials = new AskedCredentials(this::write);
  private @Nullable Enclave enclave;
  private Capacity.@Nullable Lease lease;
  private @Nullable ParleyException brokenBy;
  private boolean over;
  private int calls;

  /**
   * @param name random bytes that name this run
   */
  ServedRun(Needs needs, ByteString name, ServerCallStreamObserver<RunEnclaveResponse> out) {
    this.needs = needs;
    this.name = name;
    this.out = out;
    this.writer = new FlowWriter<>(out);
    out.disableAutoRequest();
    out.setOnCancelHandler(() -> {
      writer.gone();
      end(null);
    });
  }

  /** From the call's handler: begins to read. */
  void begin() {
    needs.threads().execute(this::run);
    out.request(1 + FRAMES_ASKED);
  }

  @Override
  public void onNext(RunEnclaveRequest request) {
    boolean expected =
        switch (request.getMessageCase()) {
          case START -> order.complete(request.getStart());
          case FRAME ->
              order.isDone()
                  && !request.getFrame().isEmpty()
                  && request.getFrame().size() <= HostLink.MAX_FRAME_BYTES
                  && frames.offer(request.getFrame());
          case CREDENTIAL -> {
            out.request(1);
            yield credentials.answered(request.getCredential());
          }
          case MESSAGE_NOT_SET -> false;
        };
    if (!expected) {
      end(broken("a message that is out of place, too large, or more than was asked for"));
    }
  }

  @Override
  public void onError(Throwable failure) {
    end(null);
  }

  /** The node has done with it, or wants it dead: the same. */
  @Override
  public void onCompleted() {
    end(null);
  }

  /** Ends it, whatever it is doing. */
  void end(@Nullable ParleyException why) {
    @Nullable Enclave running;
    synchronized (this) {
      over = true;
      brokenBy = brokenBy == null ? why : brokenBy;
      running = enclave;
    }
    order.completeExceptionally(new RefusedException(Reason.CANCELLED, "the node ended the call"));
    stopFrames();
    credentials.close();
    handed.abort();
    if (running != null) {
      running.kill();
    }
  }

  private void run() {
    try {
      EnclaveExit exit = runEnclave(awaitOrder());
      throwIfBroken();
      write(
          RunEnclaveResponse.newBuilder()
              .setEnded(
                  EnclaveEnded.newBuilder()
                      .setCode(exit.code())
                      .setMemoryLimit(exit.memoryLimit())
                      .setDetail(exit.detail()))
              .build());
      out.onCompleted();
    } catch (RuntimeException e) {
      Calls.fail(out, brokenBy(e));
    } finally {
      handed.abort();
    }
  }

  private synchronized void throwIfBroken() {
    if (brokenBy != null) {
      throw brokenBy;
    }
  }

  private synchronized RuntimeException brokenBy(RuntimeException otherwise) {
    return brokenBy == null ? otherwise : brokenBy;
  }

  private StartEnclave awaitOrder() {
    try {
      return order.get(START_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(Reason.CANCELLED, "the server ends");
    } catch (ExecutionException e) {
      throw e.getCause() instanceof ParleyException known ? known : new BugException("order", e);
    } catch (TimeoutException e) {
      throw broken("nothing within %d s".formatted(START_WITHIN_SECONDS));
    }
  }

  /** From nothing to nothing. */
  private EnclaveExit runEnclave(StartEnclave start) {
    EnclaveRequest request = request(start);
    try (Capacity.Lease share = needs.capacity().take(request.memoryLimitBytes());
        Enclave running = needs.launcher().launch(request)) {
      if (begun(share, running)) {
        LOG.atInfo().addKeyValue("job", request.jobId()).log("an enclave runs");
        serve(running);
      }
      EnclaveExit exit = awaitExit(running);
      handed.awaitDrained();
      return exit;
    } finally {
      needs.runs().remove(name);
      stopFrames();
    }
  }

  private EnclaveRequest request(StartEnclave start) {
    Duration timeout = Duration.ofMillis(start.getTimeoutMs());
    if (start.getTimeoutMs() <= 0
        || timeout.compareTo(TIMEOUT_MAX) > 0
        || start.getMemoryLimitBytes() < EnclaveRequest.MIN_MEMORY_BYTES
        || !JOB_ID.matcher(start.getJobId()).matches()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "an enclave takes at least %d bytes of memory, 1 ms to %d h, and a job id of at most 64 letters and digits"
              .formatted(EnclaveRequest.MIN_MEMORY_BYTES, TIMEOUT_MAX.toHours()));
    }
    return new EnclaveRequest(
        start.getJobId(),
        apps(start),
        start.getMemoryLimitBytes(),
        timeout,
        start.hasTpm() ? tpm(start.getTpm()) : null,
        EnclaveRequest.NO_CREDENTIALS);
  }

  private EnclaveApps apps(StartEnclave start) {
    if (!start.getChain().isEmpty()) {
      Chain chain = ChainCodec.decode(start.getChain());
      return new EnclaveApps(chain, chain.apps().stream().map(this::folder).toList());
    }
    return start.getAppSha256().isEmpty()
        ? EnclaveApps.NONE
        : EnclaveApps.single(folder(new Digest(start.getAppSha256())));
  }

  private Path folder(Digest app) {
    return needs.apps().get(app).folder();
  }

  private static TpmPolicy tpm(PlatformPolicy message) {
    try {
      if (PlatformCodec.fromMessage(message) instanceof TpmPolicy policy) {
        return policy;
      }
    } catch (RefusedException e) {
      throw notForTpm(e);
    }
    throw notForTpm(null);
  }

  private static RefusedException notForTpm(@Nullable RefusedException cause) {
    return new RefusedException(
        Reason.INVALID_REQUEST, "what is wanted of a TPM is no policy for one", Map.of(), cause);
  }

  private synchronized boolean begun(Capacity.Lease share, Enclave running) {
    if (over) {
      running.kill();
      return false;
    }
    lease = share;
    enclave = running;
    needs.runs().put(name, this);
    return true;
  }

  private void serve(Enclave running) {
    write(
        RunEnclaveResponse.newBuilder()
            .setStarted(
                EnclaveStarted.newBuilder().setRun(name).setEvidenceKind(needs.evidenceKind()))
            .build());
    needs.threads().execute(() -> inwards(running.link()));
    try {
      while (true) {
        outwards(running, receive(running.link()));
      }
    } catch (ParleyException e) {
      if (e.reason() != Reason.LINK_CLOSED) {
        end(e);
        throw e;
      }
    }
  }

  /** Frames, and what the platform needs from the broker, come from threads of their own. */
  private void write(RunEnclaveResponse response) {
    synchronized (writer) {
      writer.write(response);
    }
  }

  private static byte[] receive(HostLink link) {
    try (Received received = link.receive()) {
      if (!received.descriptors().isEmpty()) {
        throw new RefusedException(
            Reason.PEER_PROTOCOL_BROKEN, "the enclave sent descriptors; it may send none");
      }
      return received.frame();
    }
  }

  private void outwards(Enclave running, byte[] frame) {
    @Nullable Request attest = attest(frame);
    if (attest == null) {
      write(RunEnclaveResponse.newBuilder().setFrame(ByteString.copyFrom(frame)).build());
      return;
    }
    if (++calls > CALLS_MAX || !callsAtOnce.tryAcquire()) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN, "the enclave asks for more evidence than a job needs");
    }
    needs
        .threads()
        .execute(() -> {
          try {
            running.link().send(answer(running, attest).toByteArray());
          } catch (ParleyException e) {
            LOG.atDebug().setCause(e).log("evidence did not reach the enclave");
          } finally {
            callsAtOnce.release();
          }
        });
  }

  /** The shim's call to its platform, when that is what the frame is. */
  private static @Nullable Request attest(byte[] frame) {
    try {
      Request request = ShimFrame.parseFrom(frame).getRequest();
      return request.getCallCase() == Request.CallCase.ATTEST ? request : null;
    } catch (InvalidProtocolBufferException e) {
      // Whatever it is, it asks for no evidence; the node says what is wrong with it.
      return null;
    }
  }

  private HostFrame answer(Enclave running, Request call) {
    Reply.Builder reply = Reply.newBuilder().setId(call.getId());
    try {
      if (call.getAttest().size() != REPORT_DATA_BYTES) {
        throw new RefusedException(
            Reason.PEER_PROTOCOL_BROKEN,
            "report data is %d bytes; expected %d"
                .formatted(call.getAttest().size(), REPORT_DATA_BYTES));
      }
      reply.setResponse(running.attest(call.getAttest(), credentials));
    } catch (RuntimeException e) {
      reply.setStatus(Statuses.toStatus(e).toByteString());
    }
    return HostFrame.newBuilder().setReply(reply).build();
  }

  private void inwards(HostLink link) {
    try {
      while (true) {
        ByteString frame = frames.take();
        if (frame.isEmpty()) {
          return;
        }
        link.send(frame.toByteArray());
        introduced.countDown();
        out.request(1);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ParleyException e) {
      LOG.atDebug().setCause(e).log("a frame did not reach the enclave");
    }
  }

  private void stopFrames() {
    frames.clear();
    boolean unused = frames.offer(END);
  }

  private static EnclaveExit awaitExit(Enclave running) {
    try {
      return running.exit().get(EXIT_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new EnclaveExit(-1, false, "the server ends");
    } catch (ExecutionException | TimeoutException e) {
      running.kill();
      return new EnclaveExit(-1, false, "closed its link and did not end; it was killed");
    }
  }

  /** What was handed over and is still in use. */
  HandedOver handed() {
    return handed;
  }

  /** Its share of memory. */
  synchronized Capacity.Lease lease() {
    if (lease == null) {
      throw new BugException("a run is known before it has a lease");
    }
    return lease;
  }

  /**
   * Gives the shim a frame with its descriptor, which stays the caller's; after the first frame.
   */
  void hand(ByteString frame, Descriptor descriptor) {
    @Nullable Enclave running;
    synchronized (this) {
      running = enclave;
    }
    try {
      if (running == null || !introduced.await(INTRODUCED_WITHIN_SECONDS, TimeUnit.SECONDS)) {
        throw broken("no first frame before the first descriptor");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new RefusedException(Reason.CANCELLED, "the server ends");
    }
    running.link().send(frame.toByteArray(), descriptor);
  }

  private static RefusedException broken(String what) {
    return new RefusedException(
        Reason.PEER_PROTOCOL_BROKEN, "the node sent " + what, Map.of("what", what));
  }
}
