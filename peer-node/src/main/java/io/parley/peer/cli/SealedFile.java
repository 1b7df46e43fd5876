package io.parley.peer.cli;

import io.parley.peer.cli.output.ResultForm;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.ResultHead;
import io.parley.seal.SealedResultReader;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.io.PrintStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A sealed result on disk. It is read twice: once to its authenticated end, and only then to be
 * shown, so that nobody acts on the part of a file that was cut.
 */
final class SealedFile {
  private static final int PIPE_BYTES = 1 << 20;

  private final Path file;
  private final ResultHead head;

  private SealedFile(Path file, ResultHead head) {
    this.file = file;
    this.head = head;
  }

  static SealedFile of(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      return new SealedFile(file, SealedResultReader.open(channel).head());
    }
  }

  ResultHead head() {
    return head;
  }

  boolean simulated() {
    return head.evidenceKind().equals("simulated");
  }

  /** That the file is this job's result of this name. */
  void requireAbout(String jobId, Digest agreement, String result) {
    boolean fits =
        head.jobId().equals(jobId)
            && head.agreement().equals(agreement)
            && head.result().equals(result);
    if (!fits) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "the sealed file is result '%s' of job %s; expected '%s' of job %s"
              .formatted(head.result(), head.jobId(), result, jobId));
    }
  }

  /**
   * Opens and writes it.
   *
   * @throws RefusedException NOT_A_RECIPIENT, or INVALID_RESULT when it was changed or cut
   */
  void write(String party, HpkeKeyPair key, ResultForm form, PrintStream out) throws IOException {
    copy(party, key, Channels.newChannel(OutputStream.nullOutputStream()));
    try (ExecutorService worker = Executors.newVirtualThreadPerTaskExecutor();
        PipedInputStream in = new PipedInputStream(PIPE_BYTES)) {
      PipedOutputStream pipe = new PipedOutputStream(in);
      Future<Void> copying =
          worker.submit(() -> {
            try (pipe) {
              copy(party, key, Channels.newChannel(pipe));
            }
            return null;
          });
      form.write(in, head.format(), out);
      in.close();
      await(copying);
    }
  }

  private void copy(String party, HpkeKeyPair key, WritableByteChannel to) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      long _ = SealedResultReader.open(channel).copyTo(party, key, to);
    }
  }

  private static void await(Future<Void> copying) throws IOException {
    try {
      copying.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw new BugException("reading a checked file failed", e);
    }
  }
}
