package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveApps;
import io.parley.peer.enclaves.EnclaveExit;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.peer.platform.Credentials;
import io.parley.peer.results.ResultFiles;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.MemoryLimits;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One enclave, from launch to end, served by its host: its calls go to the broker, its channels to
 * other hosts, its results to files. The enclave is the host's own and yet held to the agreement:
 * what it may not ask for ends the job.
 *
 * <p>Thread-safe. Exactly one of {@link Listener#done} and {@link Listener#failed} is called,
 * unless {@link #kill} came first.
 */
final class EnclaveSession {
  /** Hears how it goes; called from the session's threads, must not block. */
  interface Listener {
    void progress(ShimMessage.Progress progress);

    /** The enclave's part is done; the receipt is empty where it does not compute. */
    void done(ByteString receipt, List<SealedResult> results);

    /** It failed, at this party. */
    void failed(String party, ParleyException why);
  }

  private static final Logger LOG = LoggerFactory.getLogger(EnclaveSession.class);

  /**
   * Three for the keys, three more for each verification gate before them, and a few tries again.
   */
  private static final int CALLS_MAX = 256;

  private static final int CALLS_AT_ONCE = 4;
  private static final int REPORT_DATA_BYTES = 64;
  private static final int EXIT_WITHIN_SECONDS = 10;
  private static final int LAST_WORDS_MAX = 64;
  private static final Duration LAST_WORDS_WITHIN = Duration.ofSeconds(1);

  private record Waiting(String party, String stream, Descriptor socket) {}

  private final JobContext job;
  private final Host host;
  private final Listener listener;
  private final CompletableFuture<Boolean> ended = new CompletableFuture<>();
  private final Semaphore callsAtOnce = new Semaphore(CALLS_AT_ONCE);
  private final List<Waiting> waiting = new ArrayList<>();
  private final Set<String> accepted = new HashSet<>();
  private final Set<String> opened = new HashSet<>();
  private final Set<String> certified = new HashSet<>();
  private final List<String> results = new ArrayList<>();
  private List<Datasets.Opened> datasets = List.of();
  private @Nullable Enclave enclave;
  private boolean serving;
  private boolean killed;
  private boolean reported;
  private int calls;

  EnclaveSession(JobContext job, Host host, Listener listener) {
    this.job = job;
    this.host = host;
    this.listener = listener;
  }

  /** Launches, and serves until the end. Takes the datasets over. */
  void start(List<Datasets.Opened> own, EnclaveApps apps) {
    datasets = own;
    host.threads().execute(() -> run(apps));
  }

  /**
   * That this party's enclave may get a stream from that party's, and has not yet.
   *
   * @throws RefusedException PEER_PROTOCOL_BROKEN when it may not
   */
  synchronized void expect(String from, String stream) {
    String dataset = dataset(stream);
    if (!job.computes() || !job.agreement().dataset(dataset).owner().equals(from)) {
      throw notAllowed("'%s' may not open a channel for '%s' here".formatted(from, stream));
    }
    if (!accepted.add(from + " " + stream)) {
      throw notAllowed("the channel for '%s' from '%s' is there already".formatted(stream, from));
    }
  }

  /** Hands a connected socket from another party's enclave to this one; takes it over. */
  void accept(String from, String stream, Descriptor socket) {
    synchronized (this) {
      if (killed) {
        socket.close();
        return;
      }
      if (!serving) {
        waiting.add(new Waiting(from, stream, socket));
        return;
      }
    }
    hand(from, stream, false, socket);
  }

  /** Kills the enclave, now or as soon as it has started. Does not wait. */
  void kill() {
    @Nullable Enclave running;
    synchronized (this) {
      killed = true;
      running = enclave;
    }
    if (running != null) {
      running.kill();
    }
  }

  /** Waits until nothing is left of the enclave. */
  boolean awaitEnd(long seconds) {
    try {
      return ended.get(seconds, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (ExecutionException | TimeoutException e) {
      return false;
    }
  }

  /** For a session that never starts. */
  void neverStarted() {
    closeWaiting();
    ended.complete(true);
  }

  private void run(EnclaveApps apps) {
    try {
      launchAndServe(apps);
    } catch (ParleyException e) {
      report(job.party(), e);
    } catch (RuntimeException e) {
      LOG.atError().addKeyValue("job", job.id()).setCause(e).log("enclave session failed");
      report(job.party(), new BugException("serving the enclave failed: " + e, e));
    } finally {
      closeWaiting();
      datasets.forEach(Datasets.Opened::close);
      ended.complete(true);
    }
  }

  private void launchAndServe(EnclaveApps apps) {
    synchronized (this) {
      if (killed) {
        return;
      }
    }
    listener.progress(new ShimMessage.Progress("launch", "starting the enclave", 0, 0));
    try (Enclave running =
        host.launcher()
            .launch(
                new EnclaveRequest(
                    job.id(),
                    apps,
                    host.memoryLimitBytes(),
                    job.timeout(),
                    job.tpmPolicy(),
                    this::credential))) {
      synchronized (this) {
        if (killed) {
          return;
        }
        enclave = running;
      }
      serve(running);
    }
  }

  private void serve(Enclave running) {
    try {
      introduce(running.link());
      while (true) {
        ShimMessage message = receive(running.link(), null);
        if (message instanceof ShimMessage.Succeeded success) {
          succeed(running, success);
          return;
        }
        if (message instanceof ShimMessage.Failed failure) {
          report(job.party(), ShimCodec.failure(failure.status()));
          return;
        }
        handle(running, message);
      }
    } catch (ParleyException e) {
      // Said before the enclave is closed: its channels break then, and others report that.
      report(job.party(), e.reason() == Reason.LINK_CLOSED ? lost(running) : e);
    }
  }

  /** Why the link broke: the enclave's own last word where it left one, else how it ended. */
  private ParleyException lost(Enclave running) {
    try {
      for (int i = 0; i < LAST_WORDS_MAX; i++) {
        if (receive(running.link(), LAST_WORDS_WITHIN) instanceof ShimMessage.Failed failure) {
          return ShimCodec.failure(failure.status());
        }
      }
    } catch (ParleyException e) {
      LOG.atDebug().setCause(e).log("the enclave left no last word");
    }
    return crashed(running);
  }

  private void introduce(HostLink link) {
    link.send(ShimCodec.start(job, host.memoryLimitBytes(), host.evidenceKind()));
    for (Datasets.Opened own : datasets) {
      link.send(ShimCodec.dataset(own), own.file());
    }
    List<Waiting> early;
    synchronized (this) {
      serving = true;
      early = List.copyOf(waiting);
      waiting.clear();
    }
    early.forEach(w -> hand(w.party(), w.stream(), false, w.socket()));
  }

  private static ShimMessage receive(HostLink link, @Nullable Duration within) {
    try (Received received = link.receive(within)) {
      if (!received.descriptors().isEmpty()) {
        throw new RefusedException(
            Reason.PEER_PROTOCOL_BROKEN, "the enclave sent descriptors; it may send none");
      }
      return ShimCodec.parse(received.frame());
    }
  }

  private void handle(Enclave running, ShimMessage message) {
    switch (message) {
      case ShimMessage.Call call -> call(running, call);
      case ShimMessage.OpenChannel wish -> openChannel(wish);
      case ShimMessage.OpenResult wish -> openResult(running, wish.result());
      case ShimMessage.Certified given -> certify(given);
      case ShimMessage.Progress progress -> listener.progress(progress);
      case ShimMessage.Succeeded _, ShimMessage.Failed _ ->
          throw new BugException("the last message is not handled here");
    }
  }

  private void call(Enclave running, ShimMessage.Call call) {
    if (++calls > CALLS_MAX || !callsAtOnce.tryAcquire()) {
      throw notAllowed("the enclave makes more calls than a job needs");
    }
    host.threads()
        .execute(() -> {
          try {
            running.link().send(answer(running, call));
          } catch (ParleyException e) {
            LOG.atDebug().setCause(e).log("a reply did not reach the enclave");
          } finally {
            callsAtOnce.release();
          }
        });
  }

  private byte[] answer(Enclave running, ShimMessage.Call call) {
    try {
      if (call.target() != ShimMessage.Target.ATTEST) {
        return ShimCodec.reply(
            call.id(), host.broker().forward(call.target(), call.request(), job.id(), job.party()));
      }
      if (call.request().size() != REPORT_DATA_BYTES) {
        throw notAllowed(
            "report data is %d bytes; expected %d"
                .formatted(call.request().size(), REPORT_DATA_BYTES));
      }
      return ShimCodec.reply(call.id(), running.attest(call.request(), this::credential));
    } catch (RuntimeException e) {
      return ShimCodec.reply(call.id(), e);
    }
  }

  private Credentials.Credential credential(Credentials.Wish wish) {
    return host.broker().createCredential(job.id(), job.party(), wish);
  }

  private void openChannel(ShimMessage.OpenChannel wish) {
    String to = wish.toParty();
    String dataset = dataset(wish.stream());
    boolean own = job.agreement().dataset(dataset).owner().equals(job.party());
    if (!own || !job.agreement().computes(to) || to.equals(job.party())) {
      throw notAllowed("the enclave may not send '%s' to '%s'".formatted(wish.stream(), to));
    }
    if (!opened.add(to + " " + wish.stream())) {
      throw notAllowed("the channel '%s' to '%s' is there already".formatted(wish.stream(), to));
    }
    host.threads()
        .execute(() -> {
          try {
            hand(to, wish.stream(), true, host.peers().openChannel(to, job.id(), wish.stream()));
          } catch (ParleyException e) {
            report(e.reason() == Reason.PEER_UNAVAILABLE ? to : job.party(), e);
          }
        });
  }

  private void certify(ShimMessage.Certified given) {
    Datasets.Opened own =
        datasets.stream()
            .filter(opened -> opened.record().name().equals(given.dataset()))
            .findFirst()
            .orElseThrow(() -> notAllowed("the enclave has no dataset of that name to certify"));
    if (!certified.add(given.dataset())) {
      throw notAllowed("dataset '%s' is certified already".formatted(given.dataset()));
    }
    host.datasets().certify(own.record(), job.signed().digest(), given.certificate());
  }

  private void hand(String party, String stream, boolean initiator, Descriptor socket) {
    try (socket) {
      @Nullable Enclave running;
      synchronized (this) {
        running = enclave;
      }
      if (running != null) {
        running.link().send(ShimCodec.channel(party, stream, initiator), socket);
      }
    } catch (ParleyException e) {
      // The link is gone, and the thread that reads from it says why.
      LOG.atDebug().setCause(e).log("a channel did not reach the enclave");
    }
  }

  private void openResult(Enclave running, String name) {
    boolean agreed = job.agreement().results().stream().anyMatch(rule -> rule.name().equals(name));
    if (!job.computes() || !agreed || results.contains(name)) {
      throw notAllowed("the enclave may not write a result '%s'".formatted(name));
    }
    results.add(name);
    try (Descriptor file = host.results().create(job.id(), name)) {
      running.link().send(ShimCodec.sink(name), file);
    }
  }

  private void succeed(Enclave running, ShimMessage.Succeeded success) {
    List<SealedResult> sealed = new ArrayList<>();
    for (String name : results) {
      ResultFiles.Measured measured = host.results().measure(job.id(), name);
      sealed.add(new SealedResult(name, measured.sizeBytes(), measured.sha256(), job.party()));
    }
    awaitExit(running);
    synchronized (this) {
      if (reported || killed) {
        return;
      }
      reported = true;
    }
    listener.done(success.receipt(), sealed);
  }

  private @Nullable EnclaveExit awaitExit(Enclave running) {
    try {
      return running.exit().get(EXIT_WITHIN_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    } catch (ExecutionException | TimeoutException e) {
      return null;
    }
  }

  private ParleyException crashed(Enclave running) {
    @Nullable EnclaveExit exit = awaitExit(running);
    if (exit == null) {
      return new EnvironmentException(
          Reason.ENCLAVE_CRASHED, "the enclave closed its link and did not end; it was killed");
    }
    if (exit.memoryLimit()) {
      return MemoryLimits.exceeded(
          "the enclave", host.memoryLimitBytes(), MemoryLimits.RAISE, null);
    }
    return new EnvironmentException(
        Reason.ENCLAVE_CRASHED,
        "the enclave ended with code %d before it had finished: %s"
            .formatted(exit.code(), exit.detail()),
        Map.of("code", Integer.toString(exit.code())));
  }

  private void report(String party, ParleyException why) {
    synchronized (this) {
      if (reported || killed) {
        return;
      }
      reported = true;
    }
    listener.failed(party, why);
  }

  private void closeWaiting() {
    synchronized (this) {
      killed = true;
      waiting.forEach(w -> w.socket().close());
      waiting.clear();
    }
  }

  private static String dataset(String stream) {
    String prefix = "dataset/";
    if (!stream.startsWith(prefix)) {
      throw notAllowed("there are no streams named '%.80s'".formatted(stream));
    }
    return stream.substring(prefix.length());
  }

  private static RefusedException notAllowed(String what) {
    return new RefusedException(Reason.PEER_PROTOCOL_BROKEN, what);
  }
}
