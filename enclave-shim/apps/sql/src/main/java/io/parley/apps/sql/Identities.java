package io.parley.apps.sql;

import io.parley.rules.Members;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Tells the shim whose rows are in the groups of the answer, for comparison with other answers: the
 * file {@code identities.bin} (deploy/docs/apps.md). It never leaves the enclave.
 */
final class Identities implements AutoCloseable {
  private static final String FILE = "identities.bin";
  private static final String UNFINISHED = FILE + ".part";
  private static final byte[] MAGIC = "PARLEYI1".getBytes(StandardCharsets.US_ASCII);
  private static final int BUFFER_BYTES = 1 << 16;
  private static final int FIRST_MEASURE = 4;
  private static final byte ENTRY = 1;
  private static final byte END = 0;

  private final Engine engine;
  private final Query query;
  private final DataOutputStream out;

  private Identities(Engine engine, Query query, DataOutputStream out) {
    this.engine = engine;
    this.query = query;
    this.out = out;
  }

  /**
   * Writes it. It has its name once it is complete: when the query fails after that, the shim
   * compares the answer all the same.
   *
   * @param datasets that the shim asks about, sorted
   */
  static void write(Engine engine, Query query, List<String> datasets, Path folder)
      throws IOException {
    try (Identities identities =
        new Identities(
            engine,
            query,
            new DataOutputStream(
                new BufferedOutputStream(
                    Files.newOutputStream(folder.resolve(UNFINISHED)), BUFFER_BYTES)))) {
      identities.write(datasets);
    }
    Files.move(folder.resolve(UNFINISHED), folder.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  private void write(List<String> datasets) throws IOException {
    out.write(MAGIC);
    out.writeShort(datasets.size());
    for (String dataset : datasets) {
      text(dataset);
      Optional<Members> members = Optional.ofNullable(query.members().get(dataset));
      if (members.isPresent()) {
        section(members.get());
      } else {
        // The query does not ask about it, or lists rows, which its owner lets be listed.
        out.writeShort(0);
        out.writeInt(0);
        out.writeShort(0);
        out.write(END);
      }
    }
  }

  private void section(Members members) throws IOException {
    out.writeShort(members.measures().size());
    for (String measure : members.measures()) {
      text(measure);
    }
    List<int[]> unions = unions(members);
    out.writeInt(groups(members, unions));
    out.writeShort(unions.isEmpty() ? 0 : unions.getFirst().length);
    for (int u = 0; !unions.isEmpty() && u < unions.getFirst().length; u++) {
      Map<Integer, Integer> numbers = new HashMap<>();
      for (int[] setsOf : unions) {
        out.writeInt(numbers.computeIfAbsent(setsOf[u], _ -> numbers.size()));
      }
    }
    engine.stream(query.beside(members.sql()), row -> entry(row, members.measures().size()));
    out.write(END);
  }

  /** For each group, in their order, which set of each union it is part of. */
  private List<int[]> unions(Members members) throws IOException {
    List<int[]> unions = new ArrayList<>();
    if (members.unions().isPresent()) {
      engine.stream(
          query.beside(members.unions().get()),
          row -> {
            int[] setsOf = new int[row.getMetaData().getColumnCount() - 1];
            for (int u = 0; u < setsOf.length; u++) {
              setsOf[u] = Math.toIntExact(row.getLong(u + 2));
            }
            unions.add(setsOf);
          });
    }
    return unions;
  }

  private int groups(Members members, List<int[]> unions) throws IOException {
    if (members.unions().isPresent()) {
      return unions.size();
    }
    long[] most = {-1};
    engine.stream(
        query.beside("SELECT max(n) FROM (%s) m".formatted(members.sql())),
        row -> {
          long last = row.getLong(1);
          most[0] = row.wasNull() ? -1 : last;
        });
    return Math.toIntExact(most[0] + 1);
  }

  private void entry(ResultSet row, int measures) throws SQLException, IOException {
    out.write(ENTRY);
    out.write(HexFormat.of().parseHex(row.getString(3)));
    out.writeInt(Math.toIntExact(row.getLong(1)));
    out.writeLong(row.getLong(FIRST_MEASURE));
    for (int m = 1; m < measures; m++) {
      // DuckDB has no unsigned sum that JDBC can hand over.
      out.writeLong(row.getLong(FIRST_MEASURE + m) ^ Long.MIN_VALUE);
    }
  }

  private void text(String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  @Override
  public void close() throws IOException {
    out.close();
  }
}
