package io.parley.wire;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Everything that is wrong with one document, so that it is all told at once. One thread. */
public final class Problems {
  /** One thing that is wrong, at one place such as {@code datasets.claims.owner}. */
  public record Problem(String path, String message) {}

  // A message must fit into gRPC's trailers, several times over.
  private static final int MAX_SHOWN = 40;
  private static final int MAX_SHOWN_CHARS = 2500;
  private static final int MAX_LINE_CHARS = 300;

  private final List<Problem> found = new ArrayList<>();

  public void add(String path, String message) {
    found.add(new Problem(path, message));
  }

  public void check(boolean fine, String path, String message) {
    if (!fine) {
      add(path, message);
    }
  }

  /** What {@code make} gives, or null and a problem at this place. */
  public <T> @Nullable T attempt(String path, Supplier<T> make) {
    try {
      return make.get();
    } catch (ParleyException e) {
      add(path, String.valueOf(e.getMessage()));
      return null;
    }
  }

  public int count() {
    return found.size();
  }

  public List<Problem> list() {
    return List.copyOf(found);
  }

  /** Throws when there is anything to tell. */
  public void throwIfAny(Reason reason, String what) {
    throwIfAny(reason, what, Problems::line);
  }

  /** As {@link #throwIfAny(Reason, String)}, with a text of the caller's for each. */
  public void throwIfAny(Reason reason, String what, Function<Problem, String> line) {
    if (found.isEmpty()) {
      return;
    }
    List<String> lines = found.stream().map(line).map(Problems::shortened).distinct().toList();
    StringBuilder message =
        new StringBuilder(what).append(lines.size() == 1 ? " has a problem:" : " has problems:");
    int shown = 0;
    while (shown < Math.min(lines.size(), MAX_SHOWN) && message.length() < MAX_SHOWN_CHARS) {
      message.append("\n  ").append(lines.get(shown++));
    }
    if (shown < lines.size()) {
      message.append("\n  and %d more".formatted(lines.size() - shown));
    }
    throw new RefusedException(
        reason, message.toString(), Map.of("problems", Integer.toString(lines.size())));
  }

  private static String line(Problem problem) {
    return problem.path().isEmpty() ? problem.message() : problem.path() + ": " + problem.message();
  }

  private static String shortened(String line) {
    String flat = line.replace("\n", " ");
    return flat.length() <= MAX_LINE_CHARS ? flat : flat.substring(0, MAX_LINE_CHARS) + "...";
  }
}
