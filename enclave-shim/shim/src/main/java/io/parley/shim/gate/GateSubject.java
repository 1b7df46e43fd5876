package io.parley.shim.gate;

import io.parley.gate.GateScope;
import io.parley.shim.compute.AppInput;
import io.parley.shim.release.ResultFormat;
import java.nio.file.Path;
import java.util.List;
import java.util.SortedMap;

/** What is run on a verification set: an agreement's one app, or one step of its chain. */
public interface GateSubject {
  /** What it reads and writes. */
  GateScope scope();

  /** What its app is told, as on the real run. */
  AppInput input(SortedMap<String, String> parameters);

  /**
   * What its app left, in the order of the scope, once everything that holds on the real run holds.
   *
   * @throws io.parley.wire.RefusedException OUTPUT_RULE and its like
   */
  List<Left> left();

  /** Drops what {@link #left} took, before another run. */
  void forget();

  /** A file that an app left. */
  record Left(ResultFormat format, Path file) {}
}
