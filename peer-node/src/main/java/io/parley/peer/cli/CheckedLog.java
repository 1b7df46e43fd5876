package io.parley.peer.cli;

import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeNodes;
import io.parley.tlog.TreeProofs;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A log as files that was checked whole. What is shown or proved is read again, and only as it was
 * checked: a hash for every tile of leaves is kept, so that no log need fit into memory.
 */
final class CheckedLog implements JobLog {
  private final LogDirectory files;
  private final LogAudit.Report report;
  private final List<Digest> tiles;
  private final Set<String> jobs;

  private CheckedLog(
      LogDirectory files, LogAudit.Report report, List<Digest> tiles, Set<String> jobs) {
    this.files = files;
    this.report = report;
    this.tiles = tiles;
    this.jobs = jobs;
  }

  /**
   * Checks all of it.
   *
   * @throws RefusedException as {@link LogAudit#runKept}
   */
  static CheckedLog of(LogDirectory files, LogAudit audit) throws IOException {
    List<Digest> tiles = new ArrayList<>();
    List<Digest> open = new ArrayList<>(Tiles.WIDTH);
    Set<String> jobs = new TreeSet<>();
    LogAudit.Report report =
        audit.runKept(
            files,
            entry -> {
              open.add(new Digest(entry.getLeafHash()));
              if (open.size() == Tiles.WIDTH) {
                tiles.add(root(open));
                open.clear();
              }
              if (!entry.getEntry().isEmpty()) {
                jobs.add(decision(entry).getJobId());
              }
            });
    if (!open.isEmpty()) {
      tiles.add(root(open));
    }
    return new CheckedLog(files, report, tiles, jobs);
  }

  /** What was checked, for people, and what is not there. */
  List<String> sentences() {
    List<String> said = new ArrayList<>(List.of(report.sentence()));
    if (report.read() < size()) {
      said.add(
          ("Of its %d entries %d are here; of the others only the hash is, because they are not"
                  + " yours to read, or were taken away.")
              .formatted(size(), report.read()));
    }
    return said;
  }

  @Override
  public String findJob(String text) {
    String id = JobIds.find(text, () -> jobs);
    if (!jobs.contains(id)) {
      throw new RefusedException(
          Reason.JOB_NOT_FOUND,
          "no entry that is in %s is about job %s".formatted(files, id),
          Map.of("job", id));
    }
    return id;
  }

  @Override
  public void decisions(String jobId, Consumer<Decision> seen) throws IOException {
    read(
        jobId,
        entry -> seen.accept(decision(entry).toBuilder().setLeafHash(entry.getLeafHash()).build()));
  }

  @Override
  public List<InclusionProof> prove(String jobId) throws IOException {
    List<InclusionProof> proofs = new ArrayList<>();
    read(
        jobId,
        entry ->
            proofs.add(
                new InclusionProof(
                    entry.getEntry(),
                    entry.getIndex(),
                    TreeProofs.inclusion(this::node, entry.getIndex(), size()),
                    report.checkpoint().note())));
    return proofs;
  }

  private void read(String jobId, Consumer<ReadableEntry> seen) throws IOException {
    for (int number = 0; number < tiles.size(); number++) {
      List<ReadableEntry> entries = files.entries((long) number * Tiles.WIDTH, size());
      requireUnchanged(
          number, entries.stream().map(entry -> new Digest(entry.getLeafHash())).toList());
      for (ReadableEntry entry : entries) {
        Digest _ = LogAudit.leaf(entry, entry.getIndex());
        if (!entry.getEntry().isEmpty()
            && (jobId.isEmpty() || decision(entry).getJobId().equals(jobId))) {
          seen.accept(entry);
        }
      }
    }
  }

  /** As {@link TreeNodes}: within a tile of leaves from the file, above it from what is kept. */
  private Digest node(int level, long index) {
    if (level >= Tiles.HEIGHT) {
      return nodes(tiles).node(level - Tiles.HEIGHT, index);
    }
    int number = (int) ((index << level) / Tiles.WIDTH);
    long before = (long) number * Tiles.WIDTH >>> level;
    return nodes(leaves(number)).node(level, index - before);
  }

  private List<Digest> leaves(int number) {
    try {
      List<Digest> leaves = files.leaves(number, size());
      requireUnchanged(number, leaves);
      return leaves;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void requireUnchanged(int number, List<Digest> leaves) {
    if (!root(leaves).equals(tiles.get(number))) {
      throw new RefusedException(
          Reason.INVALID_PROOF,
          "%s changed while it was read; expected the leaf hashes that were just checked"
              .formatted(files));
    }
  }

  private long size() {
    return report.checkpoint().head().size();
  }

  private static Decision decision(ReadableEntry entry) {
    return LogCommands.entry(entry.getEntry()).getDecision();
  }

  private static Digest root(List<Digest> hashes) {
    return TreeProofs.root(nodes(hashes), hashes.size());
  }

  /** The tree above some hashes. */
  private static TreeNodes nodes(List<Digest> hashes) {
    return (level, index) ->
        Tiles.subtree(hashes.subList((int) (index << level), (int) ((index + 1) << level)));
  }
}
