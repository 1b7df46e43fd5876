package io.parley.peer;

import io.parley.peer.cli.process.ChildJvm;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key broker beside this node: the same program as a broker that stands alone, as a child
 * process that ends with this one. When it dies it is started again, after a pause that grows;
 * never are there two. Thread-safe.
 */
final class EmbeddedBroker implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final Duration READY_WITHIN = Duration.ofSeconds(60);
  private static final long LOOK_MS = 200;
  private static final long PAUSE_LEAST_MS = 250;
  private static final long PAUSE_MOST_MS = 15_000;
  private static final long STEADY_MS = 60_000;

  private final List<String> command;
  private final Path home;
  private final Path run;
  private final Thread watch;
  private @Nullable ChildJvm process;
  private volatile boolean closing;

  private EmbeddedBroker(List<String> command, Path home, Path run) {
    this.command = command;
    this.home = home;
    this.run = run;
    this.watch = Thread.ofPlatform().daemon().name("broker-watch").unstarted(this::watch);
  }

  /**
   * Starts the broker; {@link #awaitReady} waits for it.
   *
   * @param command java and its arguments up to the broker's main class
   * @param home the broker's home
   * @param run a folder for its log and its sign of being ready
   */
  static EmbeddedBroker start(List<String> command, Path home, Path run) {
    if (!Files.exists(home.resolve("broker.yaml"))) {
      throw new RefusedException(
          Reason.INVALID_CONFIG,
          "parley.yaml says 'broker: embedded', and there is no broker in %s; 'parley broker create' makes one"
              .formatted(home),
          Map.of("home", home.toString()));
    }
    try {
      Files.createDirectories(run);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot make %s: %s".formatted(run, e), Map.of(), e);
    }
    EmbeddedBroker broker = new EmbeddedBroker(command, home, run);
    broker.launch();
    return broker;
  }

  /** Waits until it serves, and looks after it from then on. */
  void awaitReady() {
    try {
      current().awaitReady(READY_WITHIN);
      watch.start();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new EnvironmentException(Reason.BROKER_UNAVAILABLE, "interrupted before it was ready");
    }
  }

  private synchronized void launch() {
    if (!closing) {
      process = ChildJvm.start("the key broker", command, run, List.of("--home", home.toString()));
    }
  }

  private synchronized ChildJvm current() {
    ChildJvm child = process;
    if (child == null) {
      throw new EnvironmentException(Reason.BROKER_UNAVAILABLE, "the broker was not started");
    }
    return child;
  }

  private void watch() {
    long pause = PAUSE_LEAST_MS;
    long started = System.nanoTime();
    try {
      while (!closing) {
        if (current().alive()) {
          Thread.sleep(LOOK_MS);
          continue;
        }
        boolean steady = (System.nanoTime() - started) / 1_000_000 > STEADY_MS;
        pause = steady ? PAUSE_LEAST_MS : Math.min(PAUSE_MOST_MS, pause * 2);
        LOG.atError()
            .addKeyValue("log", current().log())
            .log("the key broker has died; it is started again in {} ms", pause);
        Thread.sleep(pause);
        started = System.nanoTime();
        relaunch();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void relaunch() {
    try {
      launch();
    } catch (ParleyException e) {
      LOG.atError().setCause(e).log("the key broker could not be started again");
    }
  }

  @Override
  public void close() {
    ChildJvm child;
    synchronized (this) {
      closing = true;
      child = process;
    }
    watch.interrupt();
    if (child != null) {
      child.close();
    }
  }
}
