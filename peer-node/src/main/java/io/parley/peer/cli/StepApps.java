package io.parley.peer.cli;

import io.parley.agreement.AgreementDraft;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.yaml.YamlFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Whether the apps of a chain can keep to owners' conditions where they must, as far as that is
 * known here: enclaves look again.
 */
final class StepApps {
  private static final String DESCRIPTION = "app.yaml";
  private static final String RULES = "rules";
  private static final int BYTES_MAX = 64 << 10;

  private StepApps() {}

  /**
   * Passes when no step that reads a dataset with conditions has an app that does not keep to them.
   *
   * @param folder of the step with this index; null: it is not known here
   * @throws RefusedException RULE_APP
   */
  static void requireRules(AgreementDraft draft, Function<Integer, @Nullable Path> folder) {
    List<String> steps = draft.steps();
    for (String step : draft.stepsWithConditions()) {
      int index = steps.indexOf(step);
      @Nullable Path app = folder.apply(index);
      if (app != null && Files.isRegularFile(app.resolve(DESCRIPTION)) && !keeps(app)) {
        throw new RefusedException(
            Reason.RULE_APP,
            "chain.%s.app: the step reads a dataset with conditions, and '%s' does not say 'enforces: [%s]'; let an app that does, such as sql, read it, and hand on what it may tell"
                .formatted(step, draft.apps().get(index), RULES),
            Map.of("step", step));
      }
    }
  }

  private static boolean keeps(Path app) {
    try {
      YamlFile yaml = YamlFile.load(app.resolve(DESCRIPTION), BYTES_MAX);
      return yaml.rootOrThrow(Reason.INVALID_APP)
          .textsOrNone("enforces", "conditions")
          .contains(RULES);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot read %s of %s: %s".formatted(DESCRIPTION, app, e), Map.of(), e);
    }
  }
}
