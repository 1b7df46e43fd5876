package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Problems;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** The rules over a whole agreement, with parties by name, as a draft has them. */
final class AgreementRules {
  private AgreementRules() {}

  static void check(
      Problems problems,
      String name,
      List<String> parties,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> results,
      Terms terms,
      List<Parameter> parameters,
      List<PlatformPolicy> brokerEvidence,
      Queries queries) {
    Rules rules = new Rules(problems);
    rules.agreementName("name", name);
    rules.size("parties", parties.size(), 1, Limits.MAX_PARTIES);
    rules.unique("parties", parties);
    rules.size("datasets", datasets.size(), 1, Limits.MAX_DATASETS);
    rules.unique("datasets", datasets.stream().map(Dataset::name).toList());
    rules.size("compute", compute.size(), 1, Limits.MAX_PARTIES);
    rules.size("results", results.size(), 1, Limits.MAX_RESULTS);
    rules.unique("results", results.stream().map(ResultRule::name).toList());
    rules.size("params", parameters.size(), 0, Limits.MAX_PARAMETERS);
    rules.unique("params", parameters.stream().map(Parameter::name).toList());
    rules.references(parties, datasets, compute, results);
    rules.conditions(queries, datasets, results, parameters);
    rules.terms(terms);
    rules.brokerEvidence("broker.evidence", brokerEvidence);
  }

  /** A chain that was read whole, in the agreement around it. */
  static void checkChain(
      Problems problems,
      Chain chain,
      List<Dataset> datasets,
      List<ResultRule> results,
      List<Parameter> parameters,
      Queries queries) {
    conditionsOfChain(problems, datasets, results, queries);
    ChainRules.check(
        problems,
        ChainRules.steps(chain),
        chain.grants(),
        new ChainRules.Around(
            datasets,
            results.stream().map(ResultRule::name).toList(),
            parameters.stream().map(Parameter::name).toList()));
  }

  /** No step can keep to a condition on data that another step has changed. */
  static void conditionsOfChain(
      Problems problems, List<Dataset> datasets, List<ResultRule> results, Queries queries) {
    problems.check(
        queries == Queries.FIXED, "queries", "is for the app sql alone, and there is a chain");
    for (Dataset dataset : datasets) {
      problems.check(
          dataset.usage().isEmpty(),
          "datasets.%s.usage".formatted(dataset.name()),
          "is not enforced in a chain; leave it out, and say under read_by which steps may read it");
    }
    for (ResultRule result : results) {
      problems.check(
          result.shape().minGroup() == 0,
          "results.%s.min_group".formatted(result.name()),
          "is not enforced in a chain; leave it out");
    }
  }

  /** One key must not speak for two parties. */
  static void checkKeys(Problems problems, List<Party> parties) {
    Set<VerifyingKey> seen = new HashSet<>();
    for (Party party : parties) {
      problems.check(
          seen.add(party.signingKey()),
          "parties." + party.name(),
          "has the signing key of another party");
    }
  }
}
