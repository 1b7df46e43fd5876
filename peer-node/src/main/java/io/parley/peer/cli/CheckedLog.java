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
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * A log that was checked whole. What is shown or proved is read again, each tile of entries once,
 * and only as it was checked: a hash for every tile of leaves is kept, and the leaves of one that
 * is not full, so that no log need fit into memory.
 */
final class CheckedLog implements JobLog {
  private final LogSource files;
  private final LogAudit.Report report;
  private final List<Digest> tiles;
  private final List<Digest> last;
  private final Set<String> jobs;

  /**
   * @param tiles the root of each tile of leaves
   * @param last the leaves of the last tile if it is not full, otherwise none
   */
  private CheckedLog(
      LogSource files,
      LogAudit.Report report,
      List<Digest> tiles,
      List<Digest> last,
      Set<String> jobs) {
    this.files = files;
    this.report = report;
    this.tiles = tiles;
    this.last = last;
    this.jobs = jobs;
  }

  /**
   * Checks all of it.
   *
   * @throws RefusedException as {@link LogAudit#runKept}
   */
  static CheckedLog of(LogSource files, LogAudit audit) throws IOException {
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
    return new CheckedLog(files, report, tiles, open, jobs);
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
        (entry, _) ->
            seen.accept(decision(entry).toBuilder().setLeafHash(entry.getLeafHash()).build()));
  }

  @Override
  public List<InclusionProof> prove(String jobId) throws IOException {
    List<InclusionProof> proofs = new ArrayList<>();
    read(
        jobId,
        (entry, tile) ->
            proofs.add(
                new InclusionProof(
                    entry.getEntry(),
                    entry.getIndex(),
                    TreeProofs.inclusion(around(tile), entry.getIndex(), size()),
                    report.checkpoint().note())));
    return proofs;
  }

  /** The leaves of one tile, as they were checked. */
  private record Tile(int number, List<Digest> leaves) {}

  private void read(String jobId, BiConsumer<ReadableEntry, Tile> seen) throws IOException {
    for (int number = 0; number < tiles.size(); number++) {
      List<ReadableEntry> entries = files.entries((long) number * Tiles.WIDTH, size());
      Tile tile =
          new Tile(number, entries.stream().map(entry -> new Digest(entry.getLeafHash())).toList());
      requireUnchanged(tile);
      for (ReadableEntry entry : entries) {
        Digest _ = LogAudit.leaf(entry, entry.getIndex());
        if (!entry.getEntry().isEmpty()
            && (jobId.isEmpty() || decision(entry).getJobId().equals(jobId))) {
          seen.accept(entry, tile);
        }
      }
    }
  }

  /**
   * What a proof for a leaf of this tile asks for: nodes within it, within the last tile when that
   * is not full, and above tiles.
   */
  private TreeNodes around(Tile tile) {
    return (level, index) -> {
      if (level >= Tiles.HEIGHT) {
        return nodes(tiles).node(level - Tiles.HEIGHT, index);
      }
      int number = (int) ((index << level) / Tiles.WIDTH);
      long before = (long) number * Tiles.WIDTH >>> level;
      return nodes(number == tile.number() ? tile.leaves() : last).node(level, index - before);
    };
  }

  private void requireUnchanged(Tile tile) {
    if (!root(tile.leaves()).equals(tiles.get(tile.number()))) {
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
