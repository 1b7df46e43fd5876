package io.parley.evidence.tsm;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Stands in for the kernel's folder of reports: files appear in a folder that somebody makes, an
 * answer once 64 bytes are in its inblob, and the count of writes goes up. A thread does it, so it
 * also serves other processes.
 */
public final class FakeTsmFolder implements AutoCloseable {
  /** The machine. */
  @FunctionalInterface
  public interface Machine {
    /** Its answer to a question's 64 bytes. */
    Answer answer(byte[] data);
  }

  /**
   * What a question's folder has then.
   *
   * @param generation how often it was written into: 1, unless somebody else wrote too
   */
  public record Answer(ByteString report, ByteString auxiliary, int generation) {
    public static Answer of(ByteString report, ByteString auxiliary) {
      return new Answer(report, auxiliary, 1);
    }
  }

  private final Path folder;
  private final Path drafts;
  private final String provider;
  private final Machine machine;
  private final List<ByteString> questions = Collections.synchronizedList(new ArrayList<>());
  private final Thread thread;
  private volatile boolean closed;

  /**
   * Starts to serve.
   *
   * @param folder an existing folder, for questions
   * @param drafts another one on the same disk, for files in the making
   */
  public FakeTsmFolder(Path folder, Path drafts, String provider, Machine machine) {
    this.folder = folder;
    this.drafts = drafts;
    this.provider = provider;
    this.machine = machine;
    this.thread = Thread.ofPlatform().daemon().name("fake-tsm").start(this::serve);
  }

  /** What was asked so far. */
  public List<ByteString> questions() {
    synchronized (questions) {
      return List.copyOf(questions);
    }
  }

  private void serve() {
    Set<Path> made = new HashSet<>();
    Set<Path> answered = new HashSet<>();
    while (!closed) {
      try (DirectoryStream<Path> open = Files.newDirectoryStream(folder)) {
        for (Path question : open) {
          // Once only: a folder that is being removed gets no files again.
          if (made.add(question)) {
            make(question);
          } else if (!answered.contains(question) && look(question)) {
            answered.add(question);
          }
        }
        Thread.sleep(1);
      } catch (IOException e) {
        // Whoever asked has removed it meanwhile.
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void make(Path question) throws IOException {
    put(question, "inblob", new byte[0]);
    put(question, "provider", (provider + "\n").getBytes(StandardCharsets.US_ASCII));
    put(question, "generation", "0\n".getBytes(StandardCharsets.US_ASCII));
  }

  private boolean look(Path question) throws IOException {
    byte[] data = Files.readAllBytes(question.resolve("inblob"));
    if (data.length != 64) {
      return false;
    }
    questions.add(ByteString.copyFrom(data));
    Answer answer = machine.answer(data);
    put(question, "outblob", answer.report().toByteArray());
    if (!answer.auxiliary().isEmpty()) {
      put(question, "auxblob", answer.auxiliary().toByteArray());
    }
    put(question, "generation", (answer.generation() + "\n").getBytes(StandardCharsets.US_ASCII));
    return true;
  }

  private void put(Path question, String name, byte[] bytes) throws IOException {
    Path draft = Files.write(drafts.resolve(question.getFileName() + "-" + name), bytes);
    try {
      Files.move(draft, question.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(draft);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
