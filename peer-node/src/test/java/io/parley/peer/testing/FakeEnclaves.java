package io.parley.peer.testing;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Sockets;
import io.parley.peer.enclaves.Enclave;
import io.parley.peer.enclaves.EnclaveExit;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.enclaves.EnclaveRequest;
import io.parley.peer.platform.Credentials;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** Enclaves that are a script on a thread at the other end of a socket pair. */
public final class FakeEnclaves implements EnclaveLauncher {
  /** What an enclave does. */
  public interface Script {
    void run(FakeShim shim) throws Exception;
  }

  private volatile Script script;
  private final Set<FakeEnclave> running = ConcurrentHashMap.newKeySet();
  private final AtomicInteger launched = new AtomicInteger();

  public FakeEnclaves(Script script) {
    this.script = script;
  }

  public void script(Script other) {
    script = other;
  }

  /** Enclaves that have not been closed. */
  public int running() {
    return running.size();
  }

  public int launched() {
    return launched.get();
  }

  @Override
  public Enclave launch(EnclaveRequest request) {
    try {
      List<Descriptor> pair = Sockets.pair();
      FakeEnclave enclave = new FakeEnclave(new HostLink(pair.getFirst()), pair.getLast(), request);
      running.add(enclave);
      launched.incrementAndGet();
      enclave.start();
      return enclave;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Digest shimDigest() {
    return Digest.of(ByteString.copyFromUtf8("shim"));
  }

  @Override
  public String isolation() {
    return "bwrap";
  }

  @Override
  public void close() {
    running.forEach(FakeEnclave::kill);
  }

  private final class FakeEnclave implements Enclave {
    private final HostLink host;
    private final HostLink inside;
    private final Descriptor raw;
    private final EnclaveRequest request;
    private final CompletableFuture<EnclaveExit> exit = new CompletableFuture<>();
    private volatile boolean memory;

    FakeEnclave(HostLink host, Descriptor raw, EnclaveRequest request) {
      this.host = host;
      this.raw = raw;
      this.inside = new HostLink(raw);
      this.request = request;
    }

    void start() {
      Thread.ofPlatform()
          .daemon()
          .name("fake-enclave")
          .start(() -> {
            int code = 0;
            try (FakeShim shim = new FakeShim(inside, raw, request)) {
              script.run(shim);
            } catch (MemoryLimitReached e) {
              memory = true;
              code = 137;
            } catch (Exception e) {
              code = 1;
            }
            inside.close();
            exit.complete(new EnclaveExit(code, memory, "the script ended"));
          });
    }

    @Override
    public HostLink link() {
      return host;
    }

    @Override
    public ByteString attest(ByteString reportData, Credentials credentials) {
      return ByteString.copyFromUtf8("document over ").concat(reportData);
    }

    @Override
    public CompletableFuture<EnclaveExit> exit() {
      return exit;
    }

    @Override
    public void kill() {
      // First: the script ends, too, once its link is closed.
      exit.complete(new EnclaveExit(137, false, "killed"));
      inside.close();
    }

    @Override
    public void close() {
      kill();
      host.close();
      running.remove(this);
    }
  }

  /** Thrown by a script whose enclave is to die of its memory limit. */
  public static final class MemoryLimitReached extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }
}
