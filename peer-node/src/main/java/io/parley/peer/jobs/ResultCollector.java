package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.ResultRule;
import io.parley.peer.results.ResultFiles;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * Brings a finished job's sealed results to a recipient's node, and compares each with the receipt.
 * Interrupted transfers go on where they stopped. Thread-safe; calls block.
 */
final class ResultCollector {
  private static final int ATTEMPTS = 5;
  private static final long PAUSE_MS = 500;

  private final JobDesk desk;
  private final JobContext job;

  ResultCollector(JobDesk desk, JobContext job) {
    this.desk = desk;
    this.job = job;
  }

  /** Returns once every result that this party may open is here. */
  void collect(ByteString receipt, List<SealedResult> results) {
    Map<String, Receipts.Output> outputs = desk.verify(job, receipt);
    Map<String, SealedResult> named =
        results.stream().collect(Collectors.toMap(SealedResult::name, r -> r, (a, b) -> a));
    for (Map.Entry<String, Receipts.Output> output : outputs.entrySet()) {
      SealedResult result = named.get(output.getKey());
      if (result == null || !job.agreement().computes(result.heldBy())) {
        throw new RefusedException(
            Reason.INVALID_RESULT,
            "nobody holds result '%s' that the receipt names".formatted(output.getKey()),
            Map.of("result", output.getKey()));
      }
      desk.requireAsInReceipt(result, output.getValue());
      collect(result);
    }
  }

  private void collect(SealedResult result) {
    if (result.heldBy().equals(job.party())) {
      return;
    }
    ResultRule rule = job.agreement().result(result.name());
    ResultFiles files = desk.host().results();
    ResultFiles.Measured expected = new ResultFiles.Measured(result.sizeBytes(), result.sha256());
    if (!rule.recipients().contains(job.party())) {
      files.note(job.id(), rule, expected);
      return;
    }
    fetch(result);
    ResultFiles.Measured came = files.measure(job.id(), result.name());
    if (!came.equals(expected)) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "result '%s' from '%s': expected %s, came %s"
              .formatted(result.name(), result.heldBy(), expected.sha256(), came.sha256()),
          Map.of("result", result.name(), "party", result.heldBy()));
    }
    files.keep(job.id(), rule, came, List.of(job.party()));
  }

  private void fetch(SealedResult result) {
    ResultFiles files = desk.host().results();
    files.create(job.id(), result.name()).close();
    Path part = files.part(job.id(), result.name());
    for (int attempt = 1; ; attempt++) {
      try (FileOutputStream out = new FileOutputStream(part.toFile(), true)) {
        long[] size = {Files.size(part)};
        desk.host()
            .peers()
            .fetchResult(
                result.heldBy(),
                job.id(),
                result.name(),
                size[0],
                piece -> {
                  size[0] += piece.size();
                  if (size[0] > result.sizeBytes()) {
                    throw new IOException("more bytes than the receipt says");
                  }
                  piece.writeTo(out);
                });
        return;
      } catch (EnvironmentException e) {
        if (attempt == ATTEMPTS) {
          throw e;
        }
        pause(e);
      } catch (IOException e) {
        throw new EnvironmentException(
            Reason.IO_FAILED,
            "cannot fetch result '%s': %s".formatted(result.name(), e.getMessage()),
            Map.of("result", result.name()),
            e);
      }
    }
  }

  private static void pause(ParleyException because) {
    try {
      Thread.sleep(PAUSE_MS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw because;
    }
  }
}
