package io.parley.shim.compute;

import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.agreement.Shape;
import io.parley.agreement.Usage;
import io.parley.shim.json.JsonText;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The agreement's conditions, as an app is told them: deploy/docs/apps.md. */
final class Conditions {
  private Conditions() {}

  static void table(JsonText json, AppInput.Table table) {
    @Nullable Dataset dataset = table.dataset();
    if (dataset != null) {
      dataset(json, dataset);
      return;
    }
    json.beginObject();
    if (!table.columns().isEmpty()) {
      columns(json.name("columns"), table.columns());
    }
    json.endObject();
  }

  /** All columns, also those that do not leave their owner: so that they can be named. */
  private static void dataset(JsonText json, Dataset dataset) {
    json.beginObject().name("owner").text(dataset.owner());
    columns(json.name("columns"), dataset.columns());
    Usage usage = dataset.usage();
    if (usage.hasIdentity()) {
      json.name("identity").text(usage.identity());
    }
    if (usage.isStated()) {
      json.name("usage").beginObject();
      texts(json.name("join"), usage.join());
      texts(json.name("group"), usage.group());
      json.name("aggregate").beginObject();
      usage.aggregate().forEach((column, functions) -> texts(json.name(column), functions));
      json.endObject();
      texts(json.name("filter"), usage.filter());
      texts(json.name("list"), usage.list());
      json.endObject();
    }
    json.endObject();
  }

  static void result(JsonText json, Shape shape) {
    json.beginObject();
    if (shape.minGroup() > 0) {
      json.name("min_group").number(shape.minGroup());
    }
    if (!shape.rounding().isEmpty()) {
      json.name("rounding").beginObject();
      shape.rounding().forEach((column, step) -> json.name(column).text(step.text()));
      json.endObject();
    }
    if (!shape.schema().isEmpty()) {
      columns(json.name("schema"), shape.schema());
    }
    json.endObject();
  }

  private static void columns(JsonText json, List<Column> columns) {
    json.beginArray();
    for (Column column : columns) {
      json.beginObject()
          .name("name")
          .text(column.name())
          .name("type")
          .text(column.type().sql())
          .name("nullable")
          .truth(column.nullable())
          .endObject();
    }
    json.endArray();
  }

  private static void texts(JsonText json, List<String> texts) {
    json.beginArray();
    texts.forEach(json::text);
    json.endArray();
  }
}
