package io.parley.agreement;

import io.parley.wire.Digest;
import java.util.List;
import java.util.function.Function;

/**
 * A chain as it was written: apps may still be names.
 *
 * @param apps for each step a digest in text form, or a name to look up
 */
record ChainDraft(List<ChainRules.Step> steps, List<String> apps, List<ChainGrant> grants) {
  ChainDraft {
    steps = List.copyOf(steps);
    apps = List.copyOf(apps);
    grants = List.copyOf(grants);
  }

  Chain resolve(Function<String, Digest> digests) {
    return new Chain(
        java.util.stream.IntStream.range(0, steps.size())
            .mapToObj(i ->
                new ChainStep(steps.get(i).name(), digests.apply(apps.get(i)), steps.get(i).flow()))
            .toList(),
        grants);
  }
}
