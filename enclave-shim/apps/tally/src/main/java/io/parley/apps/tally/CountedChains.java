package io.parley.apps.tally;

import io.parley.sdk.ArrowFiles;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Which chains a result of the app says that it counted.
 *
 * @param heads the head of each chain, by its dataset's name
 * @param digest over all heads, which it was checked to be
 */
record CountedChains(SortedMap<String, String> heads, String digest) {
  /**
   * Reads the table that {@code parley job result --format arrow} writes.
   *
   * @throws IOException when it is no result of the app, or its digest is not that of its heads
   */
  static CountedChains read(Path file) throws IOException {
    SortedMap<String, String> heads = new TreeMap<>();
    String digest = "";
    for (Object[] row : rows(file)) {
      if (row.length == 4 && row[1] instanceof String name && row[3] instanceof String link) {
        if ("chain".equals(row[0])) {
          heads.put(name, link);
        } else if ("digest".equals(row[0])) {
          digest = link;
        }
      }
    }
    if (!digest.equals(BallotChain.digest(heads))) {
      throw new IOException(
          "%s has no digest, or not the one of the heads in it; it is not what the app wrote"
              .formatted(file));
    }
    return new CountedChains(heads, digest);
  }

  private static List<@Nullable Object[]> rows(Path file) throws IOException {
    try {
      return ArrowFiles.rows(file);
    } catch (RuntimeException e) {
      throw new IOException(
          "%s is no Arrow file; fetch it with 'parley job result JOB --format arrow -o %s'"
              .formatted(file, file.getFileName()),
          e);
    }
  }

  /**
   * How many ballots of a provider were counted.
   *
   * @param dataset as which the agreement knows them
   * @throws IOException when others were
   */
  long of(BallotStore store, String dataset) throws IOException {
    String head = heads.get(dataset);
    if (head == null) {
      throw new IOException(
          "the result counts no dataset '%s'; it counts %s".formatted(dataset, heads.keySet()));
    }
    return store
        .lengthAt(head)
        .orElseThrow(() ->
            new IOException(
                "the result counts other ballots as '%s': no ballot has the link %s"
                    .formatted(dataset, head)));
  }
}
