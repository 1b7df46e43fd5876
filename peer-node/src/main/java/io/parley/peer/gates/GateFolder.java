package io.parley.peer.gates;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Gate;
import io.parley.agreement.SignedAgreement;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateScope;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.peer.datasets.SmallTables;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A verification set as a folder:
 *
 * <pre>
 * gate.yaml              parameters, tolerances and limits; may be left out
 * DATASET.csv|.parquet   for every dataset of the agreement, or for all that a step reads
 * expected/RESULT.csv    for every result, or for all that a step writes; or RESULT.json
 * </pre>
 *
 * Nothing else may be in it: a file that nobody reads is a mistake.
 */
public final class GateFolder {
  private static final String EXPECTED = "expected";
  private static final int SALT_BYTES = 32;
  private static final int FILES_MAX = 1000;

  private final Path folder;
  private final GateSettings settings;
  private final Map<String, Path> tables;
  private final Map<String, Path> results;

  private GateFolder(
      Path folder, GateSettings settings, Map<String, Path> tables, Map<String, Path> results) {
    this.folder = folder;
    this.settings = settings;
    this.tables = tables;
    this.results = results;
  }

  /**
   * Looks at what is there.
   *
   * @throws RefusedException INVALID_VERIFICATION_SET
   */
  public static GateFolder open(Path folder) {
    try {
      Problems problems = new Problems();
      Map<String, Path> tables = files(folder, problems, ".csv", ".parquet");
      Map<String, Path> results = files(folder.resolve(EXPECTED), problems, ".csv", ".json");
      GateFolder opened = new GateFolder(folder, GateSettings.read(folder), tables, results);
      problems.throwIfAny(Reason.INVALID_VERIFICATION_SET, folder.toString());
      return opened;
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s; expected DATASET.csv files, and RESULT.csv in %s/"
              .formatted(folder, e, EXPECTED),
          Map.of("folder", folder.toString()),
          e);
    }
  }

  private static Map<String, Path> files(Path folder, Problems problems, String... endings)
      throws IOException {
    Map<String, Path> files = new TreeMap<>();
    try (Stream<Path> list = Files.list(folder)) {
      for (Path file : list.limit(FILES_MAX).sorted().toList()) {
        String name = file.getFileName().toString();
        if (name.equals(GateSettings.FILE) || name.equals(EXPECTED) || name.startsWith(".")) {
          continue;
        }
        @Nullable String ending = null;
        for (String each : endings) {
          ending = name.toLowerCase(Locale.ROOT).endsWith(each) ? each : ending;
        }
        if (ending == null) {
          problems.add(file.toString(), "expected " + String.join(" or ", endings));
        } else if (files.put(name.substring(0, name.length() - ending.length()), file) != null) {
          problems.add(file.toString(), "is there in two formats");
        }
      }
    }
    return files;
  }

  /** The tables, by dataset: for a rehearsal that runs on them too. */
  public Map<String, Path> tables() {
    return Map.copyOf(tables);
  }

  /** The parameters that the agreement leaves free. */
  public Map<String, String> parameters() {
    return settings.parameters();
  }

  /** What it is called. */
  public String name() {
    return settings.name().isEmpty()
        ? folder.toAbsolutePath().normalize().getFileName().toString()
        : settings.name();
  }

  /**
   * The set, checked against the agreement.
   *
   * @param temporary a private folder
   * @throws RefusedException INVALID_DATASET with file, line and column, INVALID_VERIFICATION_SET
   */
  public VerificationSet read(
      SignedAgreement signed, Gate gate, Path temporary, SecureRandom random) {
    requireGate(signed.agreement(), gate);
    GateScope scope = GateScope.of(signed.agreement(), gate);
    requireNames(scope);
    List<VerificationTable> inputs = new ArrayList<>();
    scope
        .inputs()
        .forEach((name, columns) -> {
          SmallTables.Arrow table = SmallTables.arrow(file(tables, name), columns, temporary);
          inputs.add(new VerificationTable(name, table.rows(), table.file()));
        });
    List<ExpectedResult> expected = scope.outputs().stream().map(this::result).toList();
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    return new VerificationSet(
            signed.digest(),
            gate.owner(),
            name(),
            gate.step(),
            scope.app(),
            new TreeMap<>(settings.parameters()),
            inputs,
            expected,
            settings.allowance(),
            settings.certifyDays(),
            ByteString.copyFrom(salt))
        .check(signed, gate.owner());
  }

  /** Before anything is looked at: what a folder has to have follows from the step. */
  private static void requireGate(Agreement agreement, Gate gate) {
    List<String> steps =
        agreement.gates().stream()
            .filter(each -> each.owner().equals(gate.owner()))
            .map(Gate::step)
            .toList();
    if (agreement.chain() != null && !steps.isEmpty() && !steps.contains(gate.step())) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "--step %s: the agreement has a chain; say which step it is for, one of %s"
              .formatted(gate.step(), steps));
    }
    if (agreement.chain() == null && gate.ofStep()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "--step %s: the agreement has one app, and no steps; leave it out"
              .formatted(gate.step()));
    }
  }

  private static Path file(Map<String, Path> files, String name) {
    return java.util.Objects.requireNonNull(files.get(name), name);
  }

  private void requireNames(GateScope scope) {
    Problems problems = new Problems();
    Set<String> names = new HashSet<>(scope.outputs());
    same(problems, "", scope.inputs().keySet(), tables.keySet(), "dataset");
    same(problems, EXPECTED + "/", names, results.keySet(), "result");
    for (String result : settings.tolerances().keySet()) {
      problems.check(
          names.contains(result),
          GateSettings.FILE + ": tolerance." + result,
          "the agreement has no such result");
    }
    for (String result : settings.ordered()) {
      problems.check(
          names.contains(result),
          GateSettings.FILE + ": ordered",
          "the agreement has no result '%s'".formatted(result));
    }
    problems.throwIfAny(Reason.INVALID_VERIFICATION_SET, folder.toString());
  }

  private static void same(
      Problems problems, String at, Set<String> wanted, Set<String> there, String what) {
    for (String name : wanted) {
      problems.check(
          there.contains(name), at + name, "is missing; every %s needs a file".formatted(what));
    }
    for (String name : there) {
      problems.check(
          wanted.contains(name),
          at + name,
          "the agreement has no such %s, only %s".formatted(what, wanted));
    }
  }

  private ExpectedResult result(String name) {
    Path file = file(results, name);
    boolean json = file.toString().toLowerCase(Locale.ROOT).endsWith(".json");
    SmallTables.Text table = json ? json(file) : SmallTables.text(file);
    Map<String, Tolerance> tolerances = settings.tolerances().getOrDefault(name, Map.of());
    Problems problems = new Problems();
    for (String column : tolerances.keySet()) {
      problems.check(
          table.header().contains(column),
          "tolerance.%s.%s".formatted(name, column),
          "%s has no such column, only %s".formatted(file, table.header()));
    }
    problems.throwIfAny(
        Reason.INVALID_VERIFICATION_SET, folder.resolve(GateSettings.FILE).toString());
    List<ExpectedColumn> columns = new ArrayList<>();
    for (int i = 0; i < table.header().size(); i++) {
      List<@Nullable String> cells = new ArrayList<>();
      for (List<@Nullable String> row : table.rows()) {
        cells.add(row.get(i));
      }
      String column = table.header().get(i);
      columns.add(
          ExpectedColumn.of(column, tolerances.getOrDefault(column, Tolerance.EXACT), cells));
    }
    return new ExpectedResult(
        name, json, settings.ordered().contains(name), columns, table.rows().size());
  }

  private static SmallTables.Text json(Path file) {
    try {
      return JsonTable.read(file);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot read %s: %s".formatted(file, e), Map.of(), e);
    }
  }
}
