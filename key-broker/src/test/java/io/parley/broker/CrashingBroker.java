package io.parley.broker;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.parley.broker.store.FaultPoint;
import io.parley.broker.store.FaultPoints;
import io.parley.process.ServerProcess;
import io.parley.wire.BugException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * The broker's process, which kills itself with SIGKILL when it passes a named point for the n-th
 * time: {@code --at POINT --pass N}, counted from the process's start.
 */
final class CrashingBroker implements FaultPoints {
  private static final int SIGKILL = 9;

  private final FaultPoint at;
  private final int pass;
  private final AtomicInteger passed = new AtomicInteger();
  private final MethodHandle kill;

  private CrashingBroker(FaultPoint at, int pass) {
    this.at = at;
    this.pass = pass;
    Linker linker = Linker.nativeLinker();
    this.kill =
        linker.downcallHandle(
            linker.defaultLookup().findOrThrow("kill"),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
  }

  public static void main(String[] arguments) throws Exception {
    List<String> given = Arrays.asList(arguments);
    CrashingBroker faults =
        new CrashingBroker(
            FaultPoint.valueOf(after(given, "--at")), Integer.parseInt(after(given, "--pass")));
    RunningBroker broker =
        new BrokerWiring(Clock.systemUTC(), System::nanoTime, new SecureRandom(), faults)
            .start(Path.of(after(given, "--home")));
    ServerProcess.endWithStdin(() -> {});
    ServerProcess.announce(Path.of(after(given, "--ready-file")), broker.address());
    broker.await();
  }

  private static String after(List<String> given, String name) {
    return given.get(given.indexOf(name) + 1);
  }

  @Override
  public void reached(FaultPoint point) {
    if (point == at && passed.incrementAndGet() == pass) {
      die();
    }
  }

  private void die() {
    try {
      var _ = (int) kill.invokeExact((int) ProcessHandle.current().pid(), SIGKILL);
    } catch (Throwable e) {
      throw new BugException("kill(2) failed", e);
    }
    while (true) {
      // The signal is on its way to all threads; this one must not go on.
      LockSupport.park();
    }
  }
}
