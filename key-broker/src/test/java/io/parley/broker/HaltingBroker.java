package io.parley.broker;

import io.parley.broker.store.FaultPoint;
import io.parley.process.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.Arrays;

/**
 * A broker that ends at a {@link FaultPoint} as by kill -9: nothing is closed, flushed or answered.
 * It does so once the file of its last argument is there.
 */
final class HaltingBroker {
  private HaltingBroker() {}

  /** Arguments as {@link BrokerProcess} gives them, then the point and the file. */
  public static void main(String[] args) throws IOException, InterruptedException {
    Path home = Path.of(after("--home", args));
    FaultPoint point = FaultPoint.valueOf(args[args.length - 2]);
    Path armed = Path.of(args[args.length - 1]);
    BrokerWiring wiring =
        new BrokerWiring(
            Clock.systemUTC(),
            System::nanoTime,
            new SecureRandom(),
            reached -> {
              if (reached == point && Files.exists(armed)) {
                Runtime.getRuntime().halt(137);
              }
            });
    try (RunningBroker broker = wiring.start(home)) {
      ServerProcess.announce(Path.of(after("--ready-file", args)), broker.address());
      broker.await();
    }
  }

  private static String after(String option, String[] args) {
    return args[Arrays.asList(args).indexOf(option) + 1];
  }
}
