package io.parley.peer.cli;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.peer.cli.output.RowWriter;
import io.parley.proto.peer.v1.Dataset;
import io.parley.proto.peer.v1.DatasetHead;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "dataset",
    description = "Your party's tables, as its own node keeps them. Rows stay there.",
    footer = {
      "Example:",
      "  parley dataset add admissions=admissions.csv --agreement 3f9a12cc",
    })
final class DatasetCommands {
  private final Session session;

  DatasetCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "add",
      description =
          "Adds a table from a CSV or Parquet file, checked row by row against its columns.",
      footer = {
        "The columns come from the agreement, or from --columns, or from the file itself.",
        "A mistake is reported with file, line and column, and nothing is kept.",
        "",
        "Examples:",
        "  parley dataset add admissions=admissions.csv --agreement 3f9a12cc",
        "  parley dataset add claims=claims.parquet",
        "  parley dataset add claims=claims.csv --columns \"patient BIGINT NOT NULL, amount DECIMAL(12,2)\"",
      })
  int add(
      @Parameters(paramLabel = "NAME=FILE", description = "The dataset's name and its file.")
          String nameAndFile,
      @Option(
              names = "--agreement",
              paramLabel = "DIGEST",
              description = "Take the columns that this agreement has for the dataset.")
          @Nullable String agreement,
      @Option(
              names = "--columns",
              paramLabel = "LIST",
              description = "The columns to keep: 'name TYPE [NOT NULL], ...'.")
          @Nullable String columns,
      @Option(
              names = "--format",
              paramLabel = "FORM",
              description = "csv or parquet. Default: by the file's name.")
          @Nullable String format,
      @Option(
              names = "--replace",
              description = "Replace a dataset of this name; running jobs keep the old rows.")
          boolean replace)
      throws IOException {
    int equals = nameAndFile.indexOf('=');
    if (equals < 1 || equals == nameAndFile.length() - 1) {
      throw wrong("'%s' is not NAME=FILE".formatted(nameAndFile));
    }
    if (agreement != null && columns != null) {
      throw wrong("--agreement and --columns exclude each other");
    }
    Path file = Path.of(nameAndFile.substring(equals + 1));
    DatasetHead.Builder head =
        DatasetHead.newBuilder()
            .setName(nameAndFile.substring(0, equals))
            .setFormat(format == null ? formatOf(file) : format)
            .setFileName(file.toString())
            .setReplace(replace);
    if (agreement != null) {
      head.setAgreementSha256(session.agreements().find(agreement).value());
    }
    if (columns != null) {
      columns(columns).forEach(c -> head.addColumns(proto(c)));
    }
    Dataset added = session.node().addDataset(head.build(), file, session);
    session.printer().thing(fields(added));
    return ExitCode.OK;
  }

  @Command(
      name = "list",
      description = "The tables that your node has.",
      footer = {"Example:", "  parley dataset list"})
  int list() {
    session
        .printer()
        .list(
            List.of(
                RowWriter.Column.text("name"),
                RowWriter.Column.number("rows"),
                RowWriter.Column.number("bytes"),
                RowWriter.Column.text("columns"),
                RowWriter.Column.text("added")),
            session.node().datasets().stream().map(DatasetCommands::row).toList());
    return ExitCode.OK;
  }

  @Command(
      name = "remove",
      description = "Forgets a table; running jobs keep its rows until they have ended.",
      footer = {"Example:", "  parley dataset remove admissions"})
  int remove(@Parameters(paramLabel = "NAME", description = "The dataset.") String name) {
    session.node().removeDataset(name);
    session.notices().say("Removed: " + name);
    return ExitCode.OK;
  }

  static String formatOf(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".csv")) {
      return "csv";
    }
    if (name.endsWith(".parquet")) {
      return "parquet";
    }
    throw wrong("cannot tell the format of " + file + "; give --format csv or --format parquet");
  }

  /** {@code name TYPE [NOT NULL], ...}; commas inside parentheses belong to the type. */
  static List<Column> columns(String text) {
    List<Column> columns = new ArrayList<>();
    Pattern form =
        Pattern.compile("\\s*(\\S+)\\s+(.+?)(\\s+NOT\\s+NULL)?\\s*", Pattern.CASE_INSENSITIVE);
    for (String part : text.split(",(?![^(]*\\))")) {
      Matcher column = form.matcher(part);
      if (!column.matches()) {
        throw wrong("'%s' is not a column; expected 'name TYPE'".formatted(part.strip()));
      }
      columns.add(
          new Column(column.group(1), ColumnType.parse(column.group(2)), column.group(3) == null));
    }
    return columns;
  }

  static io.parley.proto.agreement.v1.Column proto(Column column) {
    return io.parley.proto.agreement.v1.Column.newBuilder()
        .setName(column.name())
        .setType(column.type().sql())
        .setNullable(column.nullable())
        .build();
  }

  private static Map<String, @Nullable Object> fields(Dataset dataset) {
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("name", dataset.getName());
    fields.put("rows", dataset.getRows());
    fields.put("bytes", dataset.getSizeBytes());
    fields.put("columns", columnTexts(dataset));
    fields.put("added", JobViews.time(dataset.hasAdded(), dataset.getAdded()));
    fields.put(
        "commitment",
        dataset.getCommitment().isEmpty() ? null : new Digest(dataset.getCommitment()).toString());
    return fields;
  }

  private static List<@Nullable Object> row(Dataset dataset) {
    return Arrays.asList(
        dataset.getName(),
        dataset.getRows(),
        dataset.getSizeBytes(),
        columnTexts(dataset),
        JobViews.time(dataset.hasAdded(), dataset.getAdded()));
  }

  private static List<String> columnTexts(Dataset dataset) {
    return dataset.getColumnsList().stream()
        .map(c -> c.getName() + " " + c.getType() + (c.getNullable() ? "" : " NOT NULL"))
        .toList();
  }

  private static RefusedException wrong(String message) {
    return new RefusedException(Reason.INVALID_REQUEST, message);
  }
}
