package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.shim.host.HostConnection;
import io.parley.shim.host.JobOrder;
import io.parley.wire.EnvironmentException;
import io.parley.wire.MemoryLimits;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The supervisor: takes one job, does it, says how it ended. Whatever happens, the host gets one
 * Finished frame, unless the link itself is gone; inputs and results are wiped.
 */
final class Shim {
  /** An enclave may be started long before its job. */
  private static final Duration ORDER_WAIT = Duration.ofDays(1);

  /** Time for the host to read how a job failed, while it may still be sending. */
  private static final Duration LINGER = Duration.ofSeconds(10);

  private final ShimParts parts;

  Shim(ShimParts parts) {
    this.parts = parts;
  }

  /** Whether the job went well. Returns at the job's timeout at the latest. */
  boolean run(HostConnection host) {
    try {
      host.finish(job(host));
      return true;
    } catch (RuntimeException | Error e) {
      fail(host, e);
      return false;
    }
  }

  private ByteString job(HostConnection host) {
    try (Preparation preparation = Preparation.start(parts)) {
      JobOrder order = host.awaitJob(ORDER_WAIT);
      JobClock clock = new JobClock(parts.nanos(), order.timeout());
      return within(order, () -> new JobRun(parts, host, order, clock).run(preparation));
    } finally {
      parts.folders().wipe();
    }
  }

  private interface Job {
    ByteString run();
  }

  private static ByteString within(JobOrder order, Job job) {
    FutureTask<ByteString> task = new FutureTask<>(job::run);
    Thread thread = new Thread(task, "job");
    thread.setDaemon(true);
    thread.start();
    try {
      return task.get(order.timeout().toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      boolean unused = task.cancel(true);
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "the job took longer than its %d ms".formatted(order.timeout().toMillis()),
          Map.of("timeout_ms", Long.toString(order.timeout().toMillis())),
          e);
    } catch (ExecutionException e) {
      return Tasks.get(task);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.CANCELLED, "the shim was stopped", Map.of(), e);
    }
  }

  private static void fail(HostConnection host, Throwable failure) {
    if (failure instanceof ParleyException known) {
      ShimLog.warn("the job failed: " + known.reason());
    } else {
      ShimLog.failure(failure);
    }
    try {
      host.finish(failure instanceof OutOfMemoryError ? heapExceeded() : failure);
      host.linger(LINGER);
    } catch (RuntimeException e) {
      ShimLog.warn("and the host could not be told");
    }
  }

  private static RefusedException heapExceeded() {
    return MemoryLimits.exceeded(
        "the shim", Runtime.getRuntime().maxMemory(), "give datasets of smaller batches", null);
  }
}
