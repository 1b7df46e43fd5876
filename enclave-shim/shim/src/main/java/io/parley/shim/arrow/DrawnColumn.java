package io.parley.shim.arrow;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Other values for one column of a batch, so that whatever is made of the old ones is likely to
 * change: none of them comes again where the type has others, some repeat, and there is another
 * number of different ones and, where nulls are allowed, of nulls. What two rows can't show is left
 * to chance. Not thread-safe.
 */
final class DrawnColumn {
  /** Different values in one batch; more say no more. */
  private static final int DIFFERENT_MAX = 10_000;

  /** A column of a batch as {@link CheckedBatch#buffers} has it. */
  record Buffers(long nulls, List<ByteBuffer> buffers) {}

  private final TableSchema.Entry entry;
  private final int rows;
  private final Buffers old;
  private final RandomGenerator random;
  private final DrawnValues values;

  /**
   * @param rows at least 1
   */
  DrawnColumn(TableSchema.Entry entry, int rows, Buffers old, RandomGenerator random) {
    this.entry = entry;
    this.rows = rows;
    this.old = old;
    this.random = random;
    this.values = new DrawnValues(entry.layout(), rows, random);
  }

  Buffers draw() {
    int nulls = entry.nullable() ? other(0, (rows + 1) / 2, old.nulls()) : 0;
    List<byte @Nullable []> cells = new ArrayList<>(drawn(rows - nulls));
    cells.addAll(Collections.nCopies(nulls, null));
    Collections.shuffle(cells, random);
    List<ByteBuffer> buffers = new ArrayList<>();
    buffers.add(validity(cells, nulls));
    if (entry.layout() instanceof ColumnLayout.Texts) {
      buffers.add(offsets(cells));
      buffers.add(texts(cells));
    } else {
      buffers.add(entry.layout().bitWidth() == 1 ? bits(cells) : fixed(cells));
    }
    return new Buffers(nulls, buffers);
  }

  private List<byte[]> drawn(int count) {
    Set<ByteBuffer> before = before();
    int most = (int) Math.min(Math.min(count, DIFFERENT_MAX), values.count());
    // One value alone leaves rows in their order, and so does not show what sorts them.
    int different = other(Math.min(most, most > 2 ? 2 : 1), most, before.size());
    boolean anew = values.count() - before.size() >= different;
    Set<ByteBuffer> pool = new HashSet<>();
    while (pool.size() < different) {
      ByteBuffer value = ByteBuffer.wrap(values.next());
      if (!anew || !before.contains(value)) {
        pool.add(value);
      }
    }
    List<byte[]> drawn = new ArrayList<>(pool.stream().map(ByteBuffer::array).toList());
    while (drawn.size() < count) {
      drawn.add(drawn.get(random.nextInt(different)));
    }
    return drawn;
  }

  /** From {@code least} to {@code most}, and another number than {@code not} where there is one. */
  private int other(int least, int most, long not) {
    if (least == most) {
      return least;
    }
    int number = random.nextInt(least, most + 1);
    while (number == not) {
      number = random.nextInt(least, most + 1);
    }
    return number;
  }

  /** The different values that there were. */
  private Set<ByteBuffer> before() {
    Set<ByteBuffer> before = new HashSet<>();
    ByteBuffer validity = old.buffers().getFirst();
    for (int row = 0; row < rows; row++) {
      if (validity.limit() == 0 || bit(validity, row) == 1) {
        before.add(value(row));
      }
    }
    return before;
  }

  private ByteBuffer value(int row) {
    ByteBuffer cells = old.buffers().getLast();
    return switch (entry.layout()) {
      case ColumnLayout.Booleans _ -> ByteBuffer.wrap(new byte[] {(byte) bit(cells, row)});
      case ColumnLayout.Texts _ -> {
        ByteBuffer offsets = old.buffers().get(1);
        int from = offsets.getInt(row * Integer.BYTES);
        yield cells.slice(from, offsets.getInt((row + 1) * Integer.BYTES) - from);
      }
      default -> {
        int bytes = entry.layout().bitWidth() / Byte.SIZE;
        yield cells.slice(row * bytes, bytes);
      }
    };
  }

  private static int bit(ByteBuffer bits, int row) {
    return bits.get(row >> 3) >> (row & 7) & 1;
  }

  private static void setBit(ByteBuffer bits, int row) {
    bits.put(row >> 3, (byte) (bits.get(row >> 3) | 1 << (row & 7)));
  }

  /** None where there is no null. */
  private static ByteBuffer validity(List<byte @Nullable []> cells, int nulls) {
    ByteBuffer validity = buffer(nulls == 0 ? 0 : Math.ceilDiv(cells.size(), Byte.SIZE));
    for (int row = 0; row < cells.size() && nulls > 0; row++) {
      if (cells.get(row) != null) {
        setBit(validity, row);
      }
    }
    return validity;
  }

  private static ByteBuffer bits(List<byte @Nullable []> cells) {
    ByteBuffer bits = buffer(Math.ceilDiv(cells.size(), Byte.SIZE));
    for (int row = 0; row < cells.size(); row++) {
      byte @Nullable [] cell = cells.get(row);
      if (cell != null && cell[0] == 1) {
        setBit(bits, row);
      }
    }
    return bits;
  }

  private ByteBuffer fixed(List<byte @Nullable []> cells) {
    int bytes = entry.layout().bitWidth() / Byte.SIZE;
    ByteBuffer fixed = buffer(cells.size() * bytes);
    for (int row = 0; row < cells.size(); row++) {
      byte @Nullable [] cell = cells.get(row);
      if (cell != null) {
        fixed.put(row * bytes, cell);
      }
    }
    return fixed;
  }

  private static ByteBuffer offsets(List<byte @Nullable []> cells) {
    ByteBuffer offsets = buffer((cells.size() + 1) * Integer.BYTES);
    int end = 0;
    for (int row = 0; row < cells.size(); row++) {
      byte @Nullable [] cell = cells.get(row);
      end += cell == null ? 0 : cell.length;
      offsets.putInt((row + 1) * Integer.BYTES, end);
    }
    return offsets;
  }

  private static ByteBuffer texts(List<byte @Nullable []> cells) {
    int bytes = cells.stream().mapToInt(cell -> cell == null ? 0 : cell.length).sum();
    ByteBuffer texts = buffer(bytes);
    cells.forEach(cell -> texts.put(cell == null ? new byte[0] : cell));
    return texts.rewind();
  }

  private static ByteBuffer buffer(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
