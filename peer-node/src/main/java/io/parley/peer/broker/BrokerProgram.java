package io.parley.peer.broker;

import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.lang.ProcessBuilder.Redirect;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/**
 * The key broker's own program, which came with this node and has the verifiers, started to judge
 * one question: in on its standard input, out on its standard output.
 *
 * <p>Guarantee: only an answer of a program that ended well, within the time and in form, can be an
 * acceptance. Nothing of the program is left afterwards. Thread-safe.
 */
public final class BrokerProgram implements BrokerJudge {
  /** Long enough for a busy machine, and shorter than other nodes wait for a wish to join. */
  public static final Duration WITHIN = Duration.ofSeconds(15);

  private static final int ANSWER_BYTES_MAX = 1 << 20;

  /** These can put other code into a JVM, or its words into our output. */
  private static final Set<String> CODE_VARIABLES =
      Set.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "CLASSPATH");

  private final Supplier<List<String>> command;
  private final Duration within;

  /**
   * @param command java and its arguments, up to the broker's main class
   */
  public BrokerProgram(Supplier<List<String>> command, Duration within) {
    this.command = command;
    this.within = within;
  }

  @Override
  public Judgement judge(Question question) throws InterruptedException {
    List<String> all = new java.util.ArrayList<>(command.get());
    all.addAll(List.of("evidence", "broker"));
    ProcessBuilder builder = new ProcessBuilder(all).redirectError(Redirect.DISCARD);
    builder.environment().keySet().removeAll(CODE_VARIABLES);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      return unchecked("the broker's program could not be started: " + e);
    }
    try {
      return talk(process, JudgementCodec.encode(question));
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  private Judgement talk(Process process, byte[] question) throws InterruptedException {
    Thread asking = Thread.startVirtualThread(() -> write(process.getOutputStream(), question));
    CompletableFuture<byte[]> answer = new CompletableFuture<>();
    Thread listening = Thread.startVirtualThread(() -> read(process.getInputStream(), answer));
    long end = System.nanoTime() + within.toNanos();
    try {
      byte[] bytes = answer.get(within.toMillis(), TimeUnit.MILLISECONDS);
      if (!process.waitFor(Math.max(0, end - System.nanoTime()), TimeUnit.NANOSECONDS)) {
        return late();
      }
      return process.exitValue() == 0
          ? judgement(bytes)
          : unchecked("the broker's program ended with code " + process.exitValue());
    } catch (TimeoutException e) {
      return late();
    } catch (ExecutionException e) {
      return unchecked("the broker's program could not be understood: " + e.getCause());
    } finally {
      process.destroyForcibly();
      asking.join();
      listening.join();
    }
  }

  private static void write(OutputStream out, byte[] question) {
    try (out) {
      out.write(question);
    } catch (IOException e) {
      // It has ended without listening; its exit code and its answer say the rest.
    }
  }

  private static void read(InputStream in, CompletableFuture<byte[]> answer) {
    try (in) {
      byte[] bytes = in.readNBytes(ANSWER_BYTES_MAX + 1);
      if (bytes.length > ANSWER_BYTES_MAX) {
        throw new IOException("it answered with more than %d bytes".formatted(ANSWER_BYTES_MAX));
      }
      answer.complete(bytes);
    } catch (IOException e) {
      answer.completeExceptionally(e);
    }
  }

  private static Judgement judgement(byte[] bytes) {
    try {
      return JudgementCodec.decode(bytes);
    } catch (InvalidProtocolBufferException e) {
      return unchecked("the broker's program did not answer in form: " + e.getMessage());
    }
  }

  private Judgement late() {
    return unchecked(
        "the broker's program did not answer within %d s".formatted(within.toSeconds()));
  }

  private static Judgement unchecked(String why) {
    return new Judgement.Unchecked(Reason.IO_FAILED.name(), why, List.of());
  }
}
