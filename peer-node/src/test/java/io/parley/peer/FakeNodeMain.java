package io.parley.peer;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;

/** A process that has an embedded broker, and nothing else of a node. */
final class FakeNodeMain {
  private FakeNodeMain() {}

  /**
   * @param arguments the broker's home, the folder it runs in, and its command
   */
  public static void main(String[] arguments) throws Exception {
    List<String> command = Arrays.asList(arguments).subList(2, arguments.length);
    EmbeddedBroker broker =
        EmbeddedBroker.start(command, Path.of(arguments[0]), Path.of(arguments[1]));
    broker.awaitReady();
    new CountDownLatch(1).await();
  }
}
