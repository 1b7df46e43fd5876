package io.parley.peer.gates;

import io.parley.gate.BearingColumns;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateLimits;
import io.parley.gate.Tolerance;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlNode.Entry;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What {@value #FILE} in the folder of a verification set says; all of it may be left out, and the
 * file too.
 *
 * @param name empty: the folder's
 * @param tolerances by result, then by column
 * @param certifyDays how long a step that passed need not run again
 * @param ordered results whose rows come in the order of the file
 */
record GateSettings(
    String name,
    Map<String, String> parameters,
    Map<String, Map<String, Tolerance>> tolerances,
    List<String> ordered,
    GateAllowance allowance,
    int certifyDays) {
  static final String FILE = "gate.yaml";
  private static final int FILE_BYTES_MAX = 256 << 10;
  private static final long MEBIBYTE = 1L << 20;
  private static final long MEBIBYTES_MAX = 1L << 20;

  static GateSettings read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return new GateSettings(
          "",
          Map.of(),
          Map.of(),
          List.of(),
          GateAllowance.DEFAULT,
          GateLimits.CERTIFY_DAYS_DEFAULT);
    }
    YamlFile yaml = YamlFile.load(file, FILE_BYTES_MAX);
    YamlSection top = yaml.rootOrThrow(Reason.INVALID_VERIFICATION_SET);
    top.only(
        "name",
        "params",
        "tolerance",
        "ordered",
        "columns",
        "processes",
        "max_memory_mib",
        "max_seconds",
        "certify_days");
    GateSettings settings =
        new GateSettings(
            top.value("name", "", text -> text),
            parameters(top),
            tolerances(top),
            top.textsOrNone("ordered", "names of results"),
            new GateAllowance(
                top.value("processes", false, GateSettings::processes),
                top.value("max_memory_mib", 0L, text -> number(text, 1, MEBIBYTES_MAX) * MEBIBYTE),
                top.value(
                    "max_seconds",
                    GateLimits.TIME_DEFAULT,
                    text -> Duration.ofSeconds(number(text, 1, GateLimits.TIME_MAX.toSeconds()))),
                columns(top)),
            Math.toIntExact(
                top.value(
                    "certify_days",
                    (long) GateLimits.CERTIFY_DAYS_DEFAULT,
                    text -> number(text, 0, GateLimits.CERTIFY_DAYS_MAX))));
    yaml.throwIfAny(Reason.INVALID_VERIFICATION_SET);
    return settings;
  }

  private static Map<String, String> parameters(YamlSection top) {
    @Nullable Map<String, String> given =
        top.find("params") == null ? Map.of() : top.textMap("params");
    return given == null ? Map.of() : given;
  }

  private static Map<String, Map<String, Tolerance>> tolerances(YamlSection top) {
    Map<String, Map<String, Tolerance>> tolerances = new HashMap<>();
    YamlSection results = top.sectionOrEmpty("tolerance");
    for (Entry result : results.entries()) {
      @Nullable YamlSection columns = results.section(result);
      Map<String, Tolerance> ofResult = new HashMap<>();
      if (columns != null) {
        for (Entry column : columns.entries()) {
          @Nullable YamlSection tolerance = columns.section(column);
          if (tolerance != null) {
            tolerance.only("absolute", "relative");
            ofResult.put(
                column.key(),
                new Tolerance(
                    tolerance.value("absolute", 0.0, GateSettings::above0),
                    tolerance.value("relative", 0.0, GateSettings::above0)));
          }
        }
      }
      tolerances.put(result.key(), ofResult);
    }
    return tolerances;
  }

  private static BearingColumns columns(YamlSection top) {
    SortedMap<String, SortedSet<String>> columns = new TreeMap<>();
    YamlSection tables = top.sectionOrEmpty("columns");
    for (Entry table : tables.entries()) {
      columns.put(table.key(), new TreeSet<>(tables.textsOrNone(table.key(), "names of columns")));
    }
    return new BearingColumns(columns);
  }

  private static boolean processes(String text) {
    return switch (text) {
      case "allowed" -> true;
      case "forbidden" -> false;
      default ->
          throw new IllegalArgumentException(
              "'%s' is not allowed or forbidden".formatted(Suggestions.shown(text)));
    };
  }

  private static double above0(String text) {
    try {
      double value = Double.parseDouble(text);
      if (value > 0 && Double.isFinite(value)) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "'%s' is not a number above 0, such as 0.01 or 1e-9".formatted(Suggestions.shown(text)));
  }

  private static long number(String text, long least, long most) {
    try {
      long value = Long.parseLong(text);
      if (value >= least && value <= most) {
        return value;
      }
    } catch (NumberFormatException e) {
      // Told below.
    }
    throw new IllegalArgumentException(
        "'%s' is not a number from %d to %d".formatted(Suggestions.shown(text), least, most));
  }
}
