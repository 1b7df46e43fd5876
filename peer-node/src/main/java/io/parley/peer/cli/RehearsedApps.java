package io.parley.peer.cli;

import io.parley.agreement.AgreementDraft;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Folders of apps of one's own for a rehearsal, as {@code --app} gives them: one folder, or {@code
 * STEP=DIR} for steps of a chain. The others come with Parley, by their names.
 */
record RehearsedApps(List<String> given) {
  RehearsedApps {
    given = List.copyOf(given);
  }

  /**
   * The folders in the order of the draft's apps.
   *
   * @param bundled the folder of an app that comes with Parley
   * @throws RefusedException INVALID_REQUEST when what was given does not fit the draft
   */
  List<Path> folders(AgreementDraft draft, Function<String, Path> bundled) {
    return draft.steps().isEmpty() ? List.of(single(draft, bundled)) : ofSteps(draft, bundled);
  }

  private Path single(AgreementDraft draft, Function<String, Path> bundled) {
    if (given.size() > 1) {
      throw refused("--app is there %d times; the agreement has one app".formatted(given.size()));
    }
    return given.isEmpty() ? bundled.apply(draft.apps().getFirst()) : Path.of(given.getFirst());
  }

  private List<Path> ofSteps(AgreementDraft draft, Function<String, Path> bundled) {
    Map<String, Path> own = new HashMap<>();
    for (String text : given) {
      int equals = text.indexOf('=');
      String step = equals < 0 ? text : text.substring(0, equals);
      if (equals < 0 || !draft.steps().contains(step)) {
        throw refused(
            "--app %s: expected STEP=DIR%s"
                .formatted(Suggestions.shown(text), Suggestions.forName(step, draft.steps())));
      }
      if (own.put(step, Path.of(text.substring(equals + 1))) != null) {
        throw refused("--app gives step '%s' two folders".formatted(step));
      }
    }
    List<Path> folders = new ArrayList<>();
    for (int i = 0; i < draft.steps().size(); i++) {
      Path folder = own.get(draft.steps().get(i));
      folders.add(folder == null ? bundled.apply(draft.apps().get(i)) : folder);
    }
    return folders;
  }

  private static RefusedException refused(String message) {
    return new RefusedException(Reason.INVALID_REQUEST, message);
  }
}
