package io.parley.shim.release;

import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.shim.arrow.TypedResult;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * What may leave: for each result of the agreement exactly one file, a regular one, with no more
 * rows than agreed, of the agreed columns, rounded as agreed; and no other file at all. Default
 * deny.
 */
public final class OutputRules {
  private static final int FILE_COUNT_MAX = 1024;

  private OutputRules() {}

  /**
   * The outputs, in the order of the agreement. The app must have ended: what is checked must not
   * change before it is sealed.
   *
   * @param queries where jobs write the query, its app rounds aggregates wherever they stand; where
   *     nobody does, columns are rounded here
   * @throws RefusedException OUTPUT_RULE
   */
  public static List<Output> collect(Path out, List<ResultRule> rules, Queries queries) {
    try {
      Map<String, Path> files = files(out);
      List<Output> outputs = new ArrayList<>();
      for (ResultRule rule : rules) {
        outputs.add(output(rule, files, queries));
      }
      if (!files.isEmpty()) {
        throw refused(
            "the app left %d files in /out that are no result of the agreement"
                .formatted(files.size()),
            Map.of("count", Integer.toString(files.size())));
      }
      return outputs;
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "the app's results could not be read", Map.of(), e);
    }
  }

  private static Map<String, Path> files(Path out) throws IOException {
    Map<String, Path> files = new HashMap<>();
    try (Stream<Path> list = Files.list(out)) {
      list.limit(FILE_COUNT_MAX + 1L).forEach(f -> files.put(f.getFileName().toString(), f));
    }
    return files;
  }

  private static Output output(ResultRule rule, Map<String, Path> files, Queries queries)
      throws IOException {
    List<Output> found = new ArrayList<>();
    for (ResultFormat format : ResultFormat.values()) {
      Path file = files.remove(rule.name() + "." + format.extension());
      if (file != null) {
        found.add(checked(rule, format, file));
      }
    }
    if (found.size() != 1) {
      throw refused(
          "result '%s' must be exactly one file (.arrow, .csv or .json); the app left %d"
              .formatted(rule.name(), found.size()),
          Map.of("result", rule.name(), "count", Integer.toString(found.size())));
    }
    return rule.shape().isTyped() ? typed(found.getFirst(), queries) : found.getFirst();
  }

  private static Output typed(Output output, Queries queries) throws IOException {
    ResultRule rule = output.rule();
    if (output.format() != ResultFormat.ARROW) {
      throw refused(
          "result '%s' is %s; with a schema or rounding it must be an Arrow file"
              .formatted(rule.name(), output.format().extension()),
          Map.of("result", rule.name()));
    }
    Path typed = output.file().resolveSibling(rule.name() + ".typed");
    TypedResult.write(rule, queries == Queries.FIXED, output.file(), typed);
    Files.delete(output.file());
    return new Output(rule, output.format(), typed, output.rows());
  }

  private static Output checked(ResultRule rule, ResultFormat format, Path file)
      throws IOException {
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw refused(
          "result '%s' is no regular file".formatted(rule.name()), Map.of("result", rule.name()));
    }
    long rows = RowCounts.count(rule.name(), format, file);
    if (rows > rule.maxRows()) {
      // How many there were would itself be something about the data.
      throw refused(
          "result '%s' has more rows than the agreement's max_rows of %d"
              .formatted(rule.name(), rule.maxRows()),
          Map.of("result", rule.name(), "max_rows", Long.toString(rule.maxRows())));
    }
    return new Output(rule, format, file, rows);
  }

  private static RefusedException refused(String message, Map<String, String> metadata) {
    return new RefusedException(Reason.OUTPUT_RULE, message, metadata);
  }
}
