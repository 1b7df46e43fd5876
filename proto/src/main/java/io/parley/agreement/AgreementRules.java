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
    queriesOfChain(problems, queries);
    ChainRules.check(
        problems,
        ChainRules.steps(chain),
        chain.grants(),
        new ChainRules.Around(datasets, results, parameters));
  }

  /** Answers that jobs ask for one after the other are compared where one app gives them. */
  static void queriesOfChain(Problems problems, Queries queries) {
    problems.check(
        queries == Queries.FIXED,
        "queries",
        "is within_rules, and there is a chain, whose answers are not compared with each other; give its steps fixed queries");
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
