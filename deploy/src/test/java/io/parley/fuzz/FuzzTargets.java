package io.parley.fuzz;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** All targets by name. Each is made anew, with a folder for files of its own. */
final class FuzzTargets {
  private FuzzTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    Map<String, Function<Path, FuzzTarget>> all = new TreeMap<>();
    all.putAll(SnpTargets.all());
    all.putAll(TdxTargets.all());
    all.putAll(NitroAndTpmTargets.all());
    all.putAll(MessageTargets.all());
    all.putAll(DocumentTargets.all());
    all.putAll(ReceiptTargets.all());
    all.putAll(TextTargets.all());
    all.putAll(StreamTargets.all());
    all.putAll(TableTargets.all());
    all.putAll(HostTargets.all());
    return all;
  }

  static FuzzTarget named(String name, Path scratch) {
    Function<Path, FuzzTarget> target = all().get(name);
    if (target == null) {
      throw new IllegalArgumentException("no target '%s', only %s".formatted(name, all().keySet()));
    }
    return target.apply(scratch);
  }
}
