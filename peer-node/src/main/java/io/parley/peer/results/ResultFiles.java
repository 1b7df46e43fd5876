package io.parley.peer.results;

import io.parley.agreement.Keep;
import io.parley.agreement.ResultRule;
import io.parley.link.Descriptor;
import io.parley.peer.store.ResultRecord;
import io.parley.peer.store.ResultStore;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Sealed results below {@code root/JOB/NAME}. While one is being written it is {@code NAME.part};
 * it is kept under its name once its digest has been compared with the receipt's. The node cannot
 * open any of them.
 *
 * <p>Guarantee: a kept result has the digest that its record says, and is deleted after its expiry,
 * or, where its agreement says so, once each recipient that gets it from here has had it.
 * Thread-safe for different results.
 */
public final class ResultFiles {
  /** A finished file. */
  public record Measured(long sizeBytes, Digest sha256) {}

  private static final String PART = ".part";
  private static final int BUFFER_BYTES = 256 << 10;

  private final Path root;
  private final ResultStore store;
  private final InstantSource clock;
  private final Duration keep;

  /** Removes what an earlier process left half done. */
  public ResultFiles(Path root, ResultStore store, InstantSource clock, Duration keep) {
    this.root = root;
    this.store = store;
    this.clock = clock;
    this.keep = keep;
    try {
      makePrivate(root);
      removeStrays();
    } catch (IOException e) {
      throw failed("cannot prepare " + root, e);
    }
  }

  /** A new file for a sealed result, open for writing; the caller closes it. */
  public Descriptor create(String jobId, String name) {
    try {
      makePrivate(root.resolve(jobId));
      return Descriptor.createForWriting(part(jobId, name));
    } catch (IOException e) {
      throw failed("cannot make a file for result '" + name + "'", e);
    }
  }

  /** The file being written, for who writes it itself. */
  public Path part(String jobId, String name) {
    return root.resolve(jobId).resolve(name + PART);
  }

  /** Size and digest of what was written; on the disk when this returns. */
  public Measured measure(String jobId, String name) {
    Path file = part(jobId, name);
    MessageDigest sha256 = Digest.newSha256();
    long size = 0;
    byte[] buffer = new byte[BUFFER_BYTES];
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE);
        InputStream in = Files.newInputStream(file)) {
      channel.force(true);
      for (int count; (count = in.read(buffer)) >= 0; size += count) {
        sha256.update(buffer, 0, count);
      }
      return new Measured(size, Digest.ofValue(sha256.digest()));
    } catch (IOException e) {
      throw failed("cannot read result '" + name + "'", e);
    }
  }

  /**
   * Keeps a written file for as long as the agreement and this node's settings allow.
   *
   * @param awaited recipients that get it from this node
   */
  public void keep(String jobId, ResultRule rule, Measured measured, List<String> awaited) {
    String name = rule.name();
    String file = jobId + "/" + name;
    try {
      Files.move(part(jobId, name), root.resolve(file), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw failed("cannot keep result '" + name + "'", e);
    }
    put(jobId, rule, measured, file, rule.keep() instanceof Keep.UntilRead ? awaited : List.of());
  }

  /** Remembers a result that another node holds, and this one need not. */
  public void note(String jobId, ResultRule rule, Measured measured) {
    put(jobId, rule, measured, "", List.of());
  }

  private void put(
      String jobId, ResultRule rule, Measured measured, String file, List<String> awaited) {
    Duration agreed = rule.keep() instanceof Keep.AtMost(Duration time) ? time : keep;
    store.put(
        new ResultRecord(
            jobId,
            rule.name(),
            measured.sizeBytes(),
            measured.sha256(),
            rule.recipients(),
            file,
            clock.instant().plus(agreed.compareTo(keep) < 0 ? agreed : keep),
            awaited));
  }

  /** Results of a job, by name. */
  public List<ResultRecord> of(String jobId) {
    return store.of(jobId);
  }

  /**
   * Opens a kept result at an offset, for a recipient.
   *
   * @throws RefusedException RESULT_NOT_FOUND, RESULT_EXPIRED, or INVALID_REQUEST when the offset
   *     is beyond its end
   */
  public InputStream open(String jobId, String name, long offset, String reader) {
    ResultRecord record =
        store
            .get(jobId, name)
            .orElseThrow(() ->
                new RefusedException(
                    Reason.RESULT_NOT_FOUND,
                    "job %s has no result '%s' here".formatted(jobId, name),
                    Map.of("job", jobId, "result", name)));
    if (!record.expires().isAfter(clock.instant())) {
      throw new RefusedException(
          Reason.RESULT_EXPIRED,
          "result '%s' of job %s was kept until %s".formatted(name, jobId, record.expires()),
          Map.of("job", jobId, "result", name, "expired", record.expires().toString()));
    }
    if (!record.awaited().isEmpty() && !record.awaited().contains(reader)) {
      throw new RefusedException(
          Reason.RESULT_EXPIRED,
          "'%s' has had result '%s' of job %s, and the agreement hands it out once"
              .formatted(reader, name, jobId),
          Map.of("job", jobId, "result", name));
    }
    if (record.file().isEmpty()) {
      throw new RefusedException(
          Reason.NOT_A_RECIPIENT,
          "this party is no recipient of result '%s'; recipients: %s"
              .formatted(name, String.join(", ", record.recipients())),
          Map.of("result", name));
    }
    if (offset < 0 || offset > record.sizeBytes()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "offset %d is beyond the %d bytes of result '%s'"
              .formatted(offset, record.sizeBytes(), name),
          Map.of("offset", Long.toString(offset), "size", Long.toString(record.sizeBytes())));
    }
    try {
      InputStream in = Files.newInputStream(root.resolve(record.file()));
      in.skipNBytes(offset);
      return in;
    } catch (IOException e) {
      throw failed("cannot read result '" + name + "'", e);
    }
  }

  /**
   * A recipient has had a result to its end. Where each gets it once, and this was the last one, it
   * is deleted before this returns.
   *
   * @param lostAll as {@link #sweep} has it
   */
  public synchronized void delivered(
      String jobId, String name, String reader, Consumer<String> lostAll) {
    @Nullable ResultRecord record = store.get(jobId, name).orElse(null);
    if (record == null || !record.awaited().contains(reader)) {
      return;
    }
    List<String> left = record.awaited().stream().filter(party -> !party.equals(reader)).toList();
    if (!left.isEmpty()) {
      store.put(record.awaiting(left));
      return;
    }
    // First the word, then the file: if the process ends in between, a sweep does the rest.
    Instant now = clock.instant();
    ResultRecord expired = record.expiring(record.expires().isBefore(now) ? record.expires() : now);
    store.put(expired);
    sweep(jobId, List.of(expired), now, lostAll);
  }

  /** Removes all of a job that did not succeed. */
  public void discard(String jobId) {
    store.removeAll(jobId);
    removeFolder(jobId);
  }

  /** Removes half-written files of a job, and keeps the others. */
  public void discardParts(String jobId) {
    try {
      for (Path file : list(root.resolve(jobId))) {
        if (file.toString().endsWith(PART)) {
          Files.deleteIfExists(file);
        }
      }
    } catch (IOException e) {
      throw failed("cannot tidy up after job " + jobId, e);
    }
  }

  /**
   * Deletes what has expired.
   *
   * @param lostAll is told of each job that has lost all its results by that; if it fails, or the
   *     process ends first, the next sweep tells it again
   */
  public void sweep(Consumer<String> lostAll) {
    Instant now = clock.instant();
    Map<String, List<ResultRecord>> expired =
        store.expired(now).stream().collect(Collectors.groupingBy(ResultRecord::jobId));
    expired.forEach((jobId, records) -> sweep(jobId, records, now, lostAll));
  }

  private void sweep(
      String jobId, List<ResultRecord> records, Instant now, Consumer<String> lostAll) {
    for (ResultRecord record : records) {
      try {
        Files.deleteIfExists(root.resolve(record.file()));
      } catch (IOException e) {
        throw failed("cannot delete result '" + record.name() + "'", e);
      }
    }
    boolean all =
        store.of(jobId).stream()
            .allMatch(result -> result.file().isEmpty() || !result.expires().isAfter(now));
    if (all) {
      lostAll.accept(jobId);
      removeFolder(jobId);
    }
    // Last: as long as the records name files, a sweep that was cut short is done again.
    for (ResultRecord record : records) {
      store.put(record.gone());
    }
  }

  private void removeFolder(String jobId) {
    Path folder = root.resolve(jobId);
    try {
      for (Path file : list(folder)) {
        Files.deleteIfExists(file);
      }
      Files.deleteIfExists(folder);
    } catch (IOException e) {
      throw failed("cannot remove the files of job " + jobId, e);
    }
  }

  private static List<Path> list(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files.toList();
    }
  }

  private void removeStrays() throws IOException {
    Set<Path> known = store.files().stream().map(root::resolve).collect(Collectors.toSet());
    try (Stream<Path> files = Files.walk(root, 2)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!known.contains(file)) {
          Files.delete(file);
        }
      }
    }
    try (Stream<Path> folders = Files.list(root)) {
      for (Path folder : folders.filter(Files::isDirectory).toList()) {
        try (Stream<Path> content = Files.list(folder)) {
          if (content.findAny().isEmpty()) {
            Files.delete(folder);
          }
        }
      }
    }
  }

  private static void makePrivate(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private static EnvironmentException failed(String what, IOException cause) {
    return new EnvironmentException(
        Reason.IO_FAILED, what + ": " + cause.getMessage(), Map.of(), cause);
  }
}
