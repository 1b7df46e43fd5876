package io.parley.apps.intersect;

import io.parley.sdk.App;
import io.parley.sdk.AppException;
import io.parley.sdk.AppMain;
import io.parley.sdk.Dataset;
import io.parley.sdk.Fields;
import io.parley.sdk.JobContext;
import io.parley.sdk.Keys;
import io.parley.sdk.TableResult;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.jspecify.annotations.Nullable;

/**
 * Intersects the keys of all datasets of the job. Parameters: see {@link Plan}. A null key is in no
 * intersection; a key that repeats counts once, and its payload rows multiply as in an inner join.
 * Rows leave in the order of their keys, so that the order tells nothing about the datasets.
 */
public final class IntersectApp implements App {
  /** The process of the enclave. */
  public static void main(String[] args) {
    AppMain.run(args, new IntersectApp());
  }

  @Override
  public void run(JobContext job) throws Exception {
    Plan plan = Plan.of(job);
    requireSameKinds(job, plan);
    List<KeyedRows> sides = new ArrayList<>();
    @Nullable Set<Object> common = null;
    for (Dataset dataset : job.datasets()) {
      job.progress(sides.size(), job.datasets().size(), "reading " + dataset.name());
      KeyedRows side = KeyedRows.read(dataset, plan.on(), plan.payloadOf(dataset.name()), common);
      common = new HashSet<>(side.keys());
      sides.add(side);
    }
    List<Object> keys = new ArrayList<>(Objects.requireNonNull(common, "two datasets or more"));
    keys.sort(Keys::compare);
    for (Map.Entry<String, Output> output : plan.outputs().entrySet()) {
      write(job, plan, output.getKey(), output.getValue(), keys, sides);
    }
    job.progress(sides.size(), sides.size(), "done");
  }

  private static void write(
      JobContext job,
      Plan plan,
      String result,
      Output output,
      List<Object> keys,
      List<KeyedRows> sides)
      throws IOException {
    switch (output) {
      case CARDINALITY -> {
        try (TableResult table =
            job.result(result).table(Fields.schema(Fields.bigint("cardinality")))) {
          table.add((long) keys.size());
        }
      }
      case IDS -> {
        try (TableResult table =
            job.result(result).table(Fields.schema(fields(job, plan, false)))) {
          for (Object key : keys) {
            table.add(values(key).toArray());
          }
        }
      }
      case COLUMNS -> {
        try (TableResult table = job.result(result).table(Fields.schema(fields(job, plan, true)))) {
          List<String> order = job.datasets().stream().map(Dataset::name).toList();
          for (Object key : keys) {
            combine(plan, order, sides, key, new ArrayList<>(), table);
          }
        }
      }
    }
  }

  /** Every combination of the key's rows, one of each dataset. */
  private static void combine(
      Plan plan,
      List<String> order,
      List<KeyedRows> sides,
      Object key,
      List<@Nullable Object[]> chosen,
      TableResult table)
      throws IOException {
    if (chosen.size() < sides.size()) {
      for (@Nullable Object[] row : sides.get(chosen.size()).rows(key)) {
        chosen.add(row);
        combine(plan, order, sides, key, chosen, table);
        chosen.removeLast();
      }
      return;
    }
    List<@Nullable Object> row = new ArrayList<>(values(key));
    for (Plan.Payload column : plan.payload()) {
      int side = order.indexOf(column.dataset());
      row.add(chosen.get(side)[plan.payloadOf(column.dataset()).indexOf(column)]);
    }
    table.add(row.toArray());
  }

  private static List<@Nullable Object> values(Object key) {
    return key instanceof List<?> parts ? new ArrayList<>(parts) : new ArrayList<>(List.of(key));
  }

  private static Field[] fields(JobContext job, Plan plan, boolean withPayload) {
    List<Field> fields = new ArrayList<>();
    for (String key : plan.on()) {
      fields.add(widest(job, key));
    }
    if (withPayload) {
      for (Plan.Payload column : plan.payload()) {
        Field field =
            Objects.requireNonNull(Plan.field(job.dataset(column.dataset()), column.column()));
        fields.add(new Field(column.name(), FieldType.nullable(field.getType()), null));
      }
    }
    return fields.toArray(Field[]::new);
  }

  /** A key leaves as the type of its column; whole numbers of several widths as BIGINT. */
  private static Field widest(JobContext job, String key) {
    List<Field> columns =
        job.datasets().stream()
            .map(dataset -> Objects.requireNonNull(Plan.field(dataset, key)))
            .toList();
    boolean same =
        columns.stream().allMatch(field -> field.getType().equals(columns.getFirst().getType()));
    if (same) {
      return new Field(key, FieldType.nullable(columns.getFirst().getType()), null);
    }
    boolean whole =
        columns.stream().allMatch(field -> field.getType().toString().startsWith("Int"));
    if (whole) {
      return Fields.bigint(key);
    }
    throw new AppException(
        "KEY_TYPES_DIFFER",
        "key column '%s' has types that have no common one to leave as; cast them alike"
            .formatted(key),
        Map.of("column", key));
  }

  /** A number never equals a text: without this, the intersection would be empty without a word. */
  private static void requireSameKinds(JobContext job, Plan plan) {
    for (String key : plan.on()) {
      Set<String> kinds = new HashSet<>();
      for (Dataset dataset : job.datasets()) {
        kinds.add(kind(Objects.requireNonNull(Plan.field(dataset, key))));
      }
      if (kinds.size() > 1) {
        throw new AppException(
            "KEY_TYPES_DIFFER",
            "key column '%s' is of different types: %s"
                .formatted(key, new java.util.TreeSet<>(kinds)),
            Map.of("column", key));
      }
    }
  }

  private static String kind(Field field) {
    String type = field.getType().toString();
    return type.startsWith("Int") || type.startsWith("Decimal")
        ? "number"
        : type.replaceAll("\\(.*", "");
  }
}
