package io.parley.apps.regression;

import io.parley.apps.modelling.Parameters;
import io.parley.apps.modelling.Source;
import io.parley.sdk.JobContext;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * What to fit, from the parameters {@code target}, {@code features} (with commas between), {@code
 * on} (the key columns), {@code intercept} ({@code true}, which is the default, or {@code false})
 * and {@code family} ({@code linear}, which is the default, or {@code logistic}).
 */
record Model(Source target, List<Source> features, boolean intercept, Family family) {
  private static final Set<String> PARAMETERS =
      Set.of("target", "features", "on", "intercept", "family");

  /** Of the target, given the terms. */
  enum Family {
    LINEAR,
    LOGISTIC
  }

  Model {
    features = List.copyOf(features);
  }

  static Parameters parameters(JobContext job) {
    return new Parameters(job, PARAMETERS);
  }

  static Model of(JobContext job, Parameters parameters) {
    Source target = parameters.column("target");
    // That it must be there is said by the job.
    String unused = job.parameter("features");
    List<Source> features = parameters.columns("features");
    if (features.contains(target)) {
      throw Parameters.invalid(
          "features", "the target '%s' is among the features".formatted(target.term()));
    }
    String family = parameters.choice("family", "linear", "linear", "logistic");
    return new Model(
        target,
        features,
        parameters.flag("intercept", true),
        Family.valueOf(family.toUpperCase(Locale.ROOT)));
  }

  /** Every column of the model. */
  List<Source> sources() {
    List<Source> sources = new ArrayList<>(features);
    sources.add(target);
    return sources;
  }
}
