package io.parley.shim.answers;

import io.parley.seal.AnswerChain;
import io.parley.seal.AnswerSeal;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads what the app says about whose rows are in the groups of its answer (the file {@value
 * #FILE}, deploy/docs/apps.md) and makes sketches of it, in memory that does not grow with the
 * number of identities. The app is measured and agreed; what it writes is checked all the same.
 */
final class Identities {
  /** In the app's /out; no result can have this name. */
  static final String FILE = "identities.bin";

  private static final long MAGIC = 0x5041524c45594931L; // PARLEYI1
  private static final int MAX_MEASURES = 64;
  private static final int MAX_UNIONS = 64;
  private static final int MAX_NAME_BYTES = 1024;
  private static final int BUFFER_BYTES = 1 << 16;

  private final Map<String, Guarded> datasets;
  private final DataInputStream in;

  /**
   * A dataset whose identities the app must tell.
   *
   * @param limit the smallest group
   */
  record Guarded(int limit, IdentityHash hash) {}

  private Identities(Map<String, Guarded> datasets, DataInputStream in) {
    this.datasets = datasets;
    this.in = in;
  }

  /** Whether the app came so far: the file gets its name when it is complete. */
  static boolean isThere(Path out) {
    return Files.isRegularFile(out.resolve(FILE), LinkOption.NOFOLLOW_LINKS);
  }

  /**
   * Reads and removes the file.
   *
   * @param out the app's results, with the file under its name
   * @param datasets that must be told about, and no others
   * @return sketches by dataset; none of a dataset of which nothing is shown
   * @throws RefusedException OUTPUT_RULE when there is none or it is not as it must be, SIZE_LIMIT
   *     when the answer has more groups than can be compared
   */
  static SortedMap<String, Sketches> take(Path out, Map<String, Guarded> datasets) {
    Path file = out.resolve(FILE);
    if (!isThere(out)) {
      throw refused("the app did not write /out/%s".formatted(FILE));
    }
    try {
      SortedMap<String, Sketches> sketches;
      try (DataInputStream in =
          new DataInputStream(new BufferedInputStream(Files.newInputStream(file), BUFFER_BYTES))) {
        sketches = new Identities(datasets, in).read();
      }
      Files.delete(file);
      return sketches;
    } catch (EOFException | CharacterCodingException e) {
      throw refused("it ends too early, or has a name that is no text");
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the app's identities could not be read", Map.of(), e);
    }
  }

  private SortedMap<String, Sketches> read() throws IOException {
    require(in.readLong() == MAGIC, "it does not begin as it must");
    int sections = in.readUnsignedShort();
    List<String> seen = new ArrayList<>();
    SortedMap<String, Sketches> read = new TreeMap<>();
    for (int i = 0; i < sections; i++) {
      String dataset = name();
      seen.add(dataset);
      Guarded guarded = datasets.get(dataset);
      if (guarded == null) {
        throw refused("it tells about a dataset without identity");
      }
      section(dataset, guarded).ifPresent(sketches -> read.put(dataset, sketches));
    }
    require(in.read() < 0, "something follows its end");
    require(
        seen.stream().sorted().toList().equals(datasets.keySet().stream().sorted().toList()),
        "it does not tell about every dataset with an identity, once");
    return read;
  }

  private Optional<Sketches> section(String dataset, Guarded guarded) throws IOException {
    List<String> measures = new ArrayList<>();
    int count = in.readUnsignedShort();
    require(count <= MAX_MEASURES, "it has too many measures");
    for (int i = 0; i < count; i++) {
      measures.add(name());
    }
    require(
        measures.stream().sorted().distinct().toList().equals(measures),
        "its measures are not sorted");
    int groups = in.readInt();
    int unions = in.readUnsignedShort();
    require(groups >= 0 && unions <= MAX_UNIONS, "it has too many groups or unions");
    requireRoom(dataset, guarded, groups, measures.size());
    List<int[]> together = new ArrayList<>();
    for (int i = 0; i < unions; i++) {
      together.add(union(groups));
    }
    if (groups > 1) {
      together.add(new int[groups]);
    }
    requireRoom(dataset, guarded, SketchBuilder.sets(groups, together), measures.size());
    SketchBuilder builder =
        new SketchBuilder(guarded.limit(), measures, guarded.hash(), groups, together);
    entries(builder, groups, measures.size());
    return groups == 0 ? Optional.empty() : Optional.of(builder.finish());
  }

  private static void requireRoom(String dataset, Guarded guarded, long sets, int measures) {
    long most =
        (AnswerChain.MAX_PAGE_BYTES - AnswerSeal.OVERHEAD_BYTES - BUFFER_BYTES)
            / Sketches.setBytes(guarded.limit(), measures);
    if (sets > most) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          ("the answer has more groups than can be compared with other answers: at most %d, with the"
                  + " sums of groups, for min_group %d of dataset '%s'; ask for fewer groups")
              .formatted(most, guarded.limit(), dataset),
          Map.of(
              "dataset", dataset,
              "min_group", Integer.toString(guarded.limit()),
              "limit", Long.toString(most)));
    }
  }

  private int[] union(int groups) throws IOException {
    int[] setOf = new int[groups];
    int sets = 0;
    for (int g = 0; g < groups; g++) {
      setOf[g] = in.readInt();
      require(setOf[g] >= 0 && setOf[g] <= sets, "the sets of a union have gaps");
      sets = Math.max(sets, setOf[g] + 1);
    }
    return setOf;
  }

  /** All entries of an identity follow each other, in the order of the groups. */
  private void entries(SketchBuilder builder, int groups, int measures) throws IOException {
    boolean[] filled = new boolean[groups];
    byte[] entry = new byte[Integer.BYTES + 2 * Long.BYTES + measures * Long.BYTES];
    int[] in1 = new int[1];
    long[][] contributions = new long[1][measures];
    int count = 0;
    long high = 0;
    long low = 0;
    while (isEntry(in.readByte())) {
      in.readFully(entry);
      ByteBuffer bytes = ByteBuffer.wrap(entry);
      long nextHigh = bytes.getLong();
      long nextLow = bytes.getLong();
      int group = bytes.getInt();
      require(group >= 0 && group < groups, "it has an entry of no group");
      filled[group] = true;
      boolean same = count > 0 && high == nextHigh && low == nextLow;
      require(
          same ? in1[count - 1] < group : count == 0 || before(high, low, nextHigh, nextLow),
          "its entries are not in order");
      if (!same && count > 0) {
        builder.add(high, low, count, in1, contributions);
        count = 0;
      }
      if (count == in1.length) {
        int larger = Math.min(groups, 2 * count);
        in1 = Arrays.copyOf(in1, larger);
        contributions = Arrays.copyOf(contributions, larger);
      }
      high = nextHigh;
      low = nextLow;
      in1[count] = group;
      contributions[count] = new long[measures];
      bytes.asLongBuffer().get(contributions[count]);
      count++;
    }
    if (count > 0) {
      builder.add(high, low, count, in1, contributions);
    }
    for (boolean one : filled) {
      require(one, "it has groups of nobody");
    }
  }

  private static boolean isEntry(byte flag) {
    require(flag == 0 || flag == 1, "an entry does not begin as it must");
    return flag == 1;
  }

  private static boolean before(long high, long low, long nextHigh, long nextLow) {
    int compared = Long.compareUnsigned(high, nextHigh);
    return compared < 0 || compared == 0 && Long.compareUnsigned(low, nextLow) < 0;
  }

  private String name() throws IOException {
    byte[] bytes = new byte[in.readUnsignedShort()];
    require(bytes.length <= MAX_NAME_BYTES, "it has a name that is too long");
    in.readFully(bytes);
    return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
  }

  private static void require(boolean holds, String problem) {
    if (!holds) {
      throw refused(problem);
    }
  }

  private static RefusedException refused(String problem) {
    return new RefusedException(
        Reason.OUTPUT_RULE,
        ("the app must tell whose rows are in its answer, so that answers can be compared, and its"
                + " file of identities is not as it must be: %s; use an app that does")
            .formatted(problem),
        Map.of("file", FILE));
  }
}
