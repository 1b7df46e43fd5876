package io.parley.shim.arrow;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Rounding;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.arrow.flatbuf.Decimal;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.Footer;
import org.apache.arrow.flatbuf.Type;

/**
 * Writes a result anew with exactly the columns of its schema, checked value by value as a peer's
 * dataset is, and rounded. What the app wrote beside them does not leave.
 */
public final class TypedResult {
  private static final Table TABLE = new Table("result", "the app");

  private final ResultRule rule;
  private final boolean rounds;

  private TypedResult(ResultRule rule, boolean rounds) {
    this.rule = rule;
    this.rounds = rounds;
  }

  /**
   * @param rounds whether the rule's rounding is still to be done
   * @throws RefusedException OUTPUT_RULE when it is not of its schema; no name or value of the
   *     app's is in the message
   */
  public static void write(ResultRule rule, boolean rounds, Path from, Path to) throws IOException {
    new TypedResult(rule, rounds).write(from, to);
  }

  private void write(Path from, Path to) throws IOException {
    try (FileChannel in =
            FileChannel.open(from, Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        FileChannel out =
            FileChannel.open(to, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      ChannelFile file = new ChannelFile(in, in.size());
      List<Column> columns = columns(ArrowFile.footer(file, TABLE));
      TableSchema schema = TableSchema.of(columns);
      ArrowWriter writer = ArrowWriter.file(schema, bytes -> writeAll(out, bytes));
      List<Optional<Rounder>> rounders = columns.stream().map(this::rounder).toList();
      ArrowFile.open(file, schema, TABLE)
          .read(
              _ -> {},
              batch -> {
                round(batch, schema, rounders);
                writer.accept(batch);
              });
      writer.finish();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    } catch (RefusedException e) {
      throw e.reason() == Reason.OUTPUT_RULE
          ? e
          : refused("its rows are not what its columns promise, or hold a null where none may be");
    }
  }

  private static void writeAll(FileChannel out, ByteBuffer bytes) {
    try {
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private List<Column> columns(Footer footer) {
    return Messages.checked(
        TABLE,
        () -> {
          var schema = footer.schema();
          if (schema == null || schema.fieldsLength() > ArrowLimits.FIELD_COUNT_MAX) {
            throw refused("it has no columns, or too many");
          }
          List<Column> agreed = rule.shape().schema();
          if (!agreed.isEmpty() && schema.fieldsLength() != agreed.size()) {
            throw refused(
                "it has another number of columns than the %d of the schema"
                    .formatted(agreed.size()));
          }
          List<Column> columns = new ArrayList<>();
          for (int i = 0; i < schema.fieldsLength(); i++) {
            Field field = schema.fields(i);
            columns.add(agreed.isEmpty() ? found(field, i) : checked(field, i, agreed.get(i)));
          }
          return columns;
        });
  }

  private Column checked(Field field, int at, Column agreed) {
    if (!agreed.name().equals(field.name())
        || field.dictionary() != null
        || !TableSchema.of(List.of(agreed)).entries().getFirst().layout().matches(field)) {
      throw refused(
          "its column %d is not '%s' of type %s, as in the schema"
              .formatted(at + 1, agreed.name(), agreed.type().sql()));
    }
    return agreed;
  }

  private Column found(Field field, int at) {
    for (ColumnType type : types(field)) {
      Column column = new Column(String.valueOf(field.name()), type, true);
      boolean matches =
          field.dictionary() == null
              && TableSchema.of(List.of(column)).entries().getFirst().layout().matches(field);
      if (matches) {
        return column;
      }
    }
    throw refused(
        "its column %d has a type that no agreement has, and so cannot be rounded"
            .formatted(at + 1));
  }

  private static List<ColumnType> types(Field field) {
    if (field.typeType() == Type.Decimal
        && field.type(new Decimal()) instanceof Decimal decimal
        && decimal.precision() >= 1
        && decimal.precision() <= ColumnType.Decimal.MAX_PRECISION
        && decimal.scale() >= 0
        && decimal.scale() <= decimal.precision()) {
      return List.of(ColumnType.decimal(decimal.precision(), decimal.scale()));
    }
    return List.of(ColumnType.Plain.values());
  }

  private Optional<Rounder> rounder(Column column) {
    if (!rounds) {
      return Optional.empty();
    }
    Map<String, Rounding> rounding = rule.shape().rounding();
    Rounding own = rounding.get(column.name());
    return Optional.ofNullable(own == null ? rounding.get(Rounding.ALL) : own).map(Rounder::new);
  }

  private static void round(
      CheckedBatch batch, TableSchema schema, List<Optional<Rounder>> rounders) {
    int at = 0;
    for (int i = 0; i < rounders.size(); i++) {
      ColumnLayout layout = schema.entries().get(i).layout();
      at += layout.bufferCount();
      ByteBuffer values = batch.buffers().get(at - 1);
      rounders.get(i).ifPresent(rounder -> rounder.round(layout, values));
    }
  }

  private RefusedException refused(String problem) {
    return new RefusedException(
        Reason.OUTPUT_RULE,
        "result '%s' cannot leave: %s".formatted(rule.name(), problem),
        Map.of("result", rule.name()));
  }
}
