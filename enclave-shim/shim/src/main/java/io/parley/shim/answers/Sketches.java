package io.parley.shim.answers;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What one answer shows of one dataset: a sketch of each group, and of what groups make together.
 *
 * @param limit how many identities two sets must differ by: the smallest group
 * @param measures names of what is compared beside the identities, sorted
 */
record Sketches(int limit, List<String> measures, List<SetSketch> sets) {
  private static final byte VERSION = 1;
  private static final int MAX_MEASURES = 1024;
  private static final int MAX_NAME_BYTES = 1 << 16;

  Sketches {
    measures = List.copyOf(measures);
    sets = List.copyOf(sets);
  }

  /** Bytes of one set in a record. */
  static int setBytes(int limit, int measures) {
    return (1 + measures) * 2 * limit * Long.BYTES + SetSketch.buckets(limit) * Short.BYTES;
  }

  /** The content of a record. */
  byte[] encode() {
    List<byte[]> names =
        measures.stream().map(name -> name.getBytes(StandardCharsets.UTF_8)).toList();
    int size =
        1
            + 3 * Integer.BYTES
            + names.stream().mapToInt(name -> Integer.BYTES + name.length).sum()
            + sets.size() * setBytes(limit, measures.size());
    ByteBuffer out = ByteBuffer.allocate(size).put(VERSION).putInt(limit);
    out.putInt(names.size());
    names.forEach(name -> out.putInt(name.length).put(name));
    out.putInt(sets.size());
    for (SetSketch set : sets) {
      for (long[] sums : set.sums()) {
        for (long sum : sums) {
          out.putLong(sum);
        }
      }
      for (short count : set.bucketCounts()) {
        out.putShort(count);
      }
    }
    return out.array();
  }

  /**
   * From the content of a record that opened.
   *
   * @param limit that it must be of
   * @throws RefusedException ANSWERS_WRONG when it is anything else
   */
  static Sketches decode(byte[] content, int limit) {
    try {
      ByteBuffer in = ByteBuffer.wrap(content);
      require(in.get() == VERSION && in.getInt() == limit);
      int measures = count(in, MAX_MEASURES);
      List<String> names = new ArrayList<>();
      for (int i = 0; i < measures; i++) {
        byte[] name = new byte[count(in, MAX_NAME_BYTES)];
        in.get(name);
        names.add(new String(name, StandardCharsets.UTF_8));
      }
      int sets = in.getInt();
      require(sets >= 0 && in.remaining() == (long) sets * setBytes(limit, measures));
      List<SetSketch> read = new ArrayList<>();
      for (int i = 0; i < sets; i++) {
        read.add(set(in, limit, measures));
      }
      return new Sketches(limit, names, read);
    } catch (BufferUnderflowException e) {
      throw wrong();
    }
  }

  private static SetSketch set(ByteBuffer in, int limit, int measures) {
    long[][] sums = new long[1 + measures][2 * limit];
    for (long[] row : sums) {
      for (int j = 0; j < row.length; j++) {
        row[j] = in.getLong();
        require(Field.holds(row[j]));
      }
    }
    short[] buckets = new short[SetSketch.buckets(limit)];
    for (int b = 0; b < buckets.length; b++) {
      buckets[b] = in.getShort();
    }
    return new SetSketch(limit, sums, buckets);
  }

  private static int count(ByteBuffer in, int most) {
    int count = in.getInt();
    require(count >= 0 && count <= most);
    return count;
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw wrong();
    }
  }

  private static RefusedException wrong() {
    return new RefusedException(
        Reason.ANSWERS_WRONG,
        "the record of an earlier answer is not one that this version makes",
        Map.of());
  }
}
