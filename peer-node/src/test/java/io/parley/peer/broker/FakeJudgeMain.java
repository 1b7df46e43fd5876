package io.parley.peer.broker;

import io.parley.proto.broker.v1.AppraiseBrokerResponse;
import io.parley.proto.broker.v1.BrokerAccepted;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;

/** Stands in for the broker's program, in every way in which it can go wrong. */
final class FakeJudgeMain {
  private FakeJudgeMain() {}

  public static void main(String[] arguments) throws Exception {
    switch (arguments[0]) {
      case "good" -> {
        System.in.readAllBytes();
        answer();
      }
      case "deaf" -> answer();
      case "failed" -> {
        answer();
        System.exit(1);
      }
      case "garbage" -> System.out.print("all is well");
      case "nothing" -> System.in.readAllBytes();
      case "flood" -> {
        byte[] much = "x".repeat(1 << 16).getBytes(StandardCharsets.UTF_8);
        for (int i = 0; i < 1_000; i++) {
          System.out.write(much);
        }
      }
      case "late" -> new CountDownLatch(1).await();
      case "lingers" -> {
        answer();
        System.out.close();
        new CountDownLatch(1).await();
      }
      case "killed" -> {
        answer();
        System.out.flush();
        ProcessHandle self = ProcessHandle.current();
        new ProcessBuilder("kill", "-9", Long.toString(self.pid())).start().waitFor();
        new CountDownLatch(1).await();
      }
      default -> throw new IllegalArgumentException(arguments[0]);
    }
  }

  private static void answer() throws IOException {
    AppraiseBrokerResponse.newBuilder()
        .setAccepted(BrokerAccepted.newBuilder().setClaims("{}"))
        .build()
        .writeTo(System.out);
    System.out.flush();
  }
}
