package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.time.Instant;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What may run on which data, for whom, how often. Default deny: what is not here is not allowed.
 *
 * <p>Guarantee: every name refers to something in it, every computing party may hold every dataset,
 * and all limits hold. Not guaranteed: that anybody signed it ({@link SignedAgreement}), or that it
 * has not expired. Lists whose order means nothing are sorted. Immutable.
 *
 * @param broker SHA-256 of the broker's Ed25519 key
 * @param app what evidence must name: SHA-256 of the app's manifest, or the chain's digest
 * @param terms how long, how often, and how it may be replaced
 * @param brokerEvidence what evidence of the broker's own must show, by kind, one of which it must
 *     be; empty: it need not show any
 * @param queries who writes the query of the app sql
 * @param chain the apps that run in place of one; null: there is one app
 */
public record Agreement(
    String name,
    List<Party> parties,
    Digest broker,
    Digest app,
    List<Dataset> datasets,
    List<String> compute,
    List<ResultRule> results,
    Environment environment,
    Terms terms,
    List<Parameter> parameters,
    List<PlatformPolicy> brokerEvidence,
    Queries queries,
    @Nullable Chain chain) {

  /** Whose query, if any, is fixed, and of one app. */
  public Agreement(
      String name,
      List<Party> parties,
      Digest broker,
      Digest app,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> results,
      Environment environment,
      Terms terms,
      List<Parameter> parameters,
      List<PlatformPolicy> brokerEvidence) {
    this(
        name,
        parties,
        broker,
        app,
        datasets,
        compute,
        results,
        environment,
        terms,
        parameters,
        brokerEvidence,
        Queries.FIXED,
        null);
  }

  /** With a broker that need not show evidence, and one app. */
  public Agreement(
      String name,
      List<Party> parties,
      Digest broker,
      Digest app,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> results,
      Environment environment,
      Terms terms,
      List<Parameter> parameters) {
    this(
        name,
        parties,
        broker,
        app,
        datasets,
        compute,
        results,
        environment,
        terms,
        parameters,
        List.of(),
        Queries.FIXED,
        null);
  }

  /**
   * @throws RefusedException INVALID_AGREEMENT that lists every problem
   */
  public Agreement {
    parties = sorted(parties, Party::name);
    datasets = sorted(datasets, Dataset::name);
    compute = sorted(compute, Function.identity());
    results = sorted(results, ResultRule::name);
    parameters = sorted(parameters, Parameter::name);
    brokerEvidence = sorted(brokerEvidence, PlatformPolicy::kind);
    Problems problems = new Problems();
    AgreementRules.check(
        problems,
        name,
        parties.stream().map(Party::name).toList(),
        datasets,
        compute,
        results,
        terms,
        parameters,
        brokerEvidence,
        queries);
    if (chain != null) {
      AgreementRules.checkChain(problems, chain, datasets, results, parameters, queries);
      problems.check(
          app.equals(chain.digest()),
          "app",
          "is %s; expected the chain's digest %s".formatted(app, chain.digest()));
    }
    AgreementRules.checkKeys(problems, parties);
    problems.throwIfAny(
        Reason.INVALID_AGREEMENT, "agreement '%s'".formatted(Suggestions.shown(name)));
  }

  private static <T> List<T> sorted(List<T> list, Function<T, String> name) {
    return list.stream().sorted(Comparator.comparing(name)).toList();
  }

  /** The same on other terms. */
  public Agreement withTerms(Terms others) {
    return new Agreement(
        name,
        parties,
        broker,
        app,
        datasets,
        compute,
        results,
        environment,
        others,
        parameters,
        brokerEvidence,
        queries,
        chain);
  }

  /** Whether an app must keep to conditions that no enclave can enforce without it. */
  public boolean needsRules() {
    return queries == Queries.WITHIN_RULES
        || results.stream().anyMatch(result -> result.shape().minGroup() > 0);
  }

  /** The apps that its enclaves run, in the order of the steps where there is a chain. */
  public List<Digest> apps() {
    return chain == null ? List.of(app) : chain.apps();
  }

  /** How it may be replaced. */
  public ChangeRule changes() {
    return terms.changes();
  }

  /** No key is released at or after this, by the broker's clock. */
  public Instant expires() {
    return terms.expires();
  }

  /** How many jobs may ever be started. */
  public int maxJobs() {
    return terms.maxJobs();
  }

  /** The names of all parties, sorted. */
  public SortedSet<String> partyNames() {
    return names(parties.stream().map(Party::name).toList());
  }

  /** Whether this is one of the parties. */
  public boolean hasParty(String party) {
    return parties.stream().anyMatch(p -> p.name().equals(party));
  }

  /**
   * The party of this name.
   *
   * @throws RefusedException NOT_A_PARTY when there is none
   */
  public Party party(String party) {
    return parties.stream()
        .filter(p -> p.name().equals(party))
        .findFirst()
        .orElseThrow(() ->
            new RefusedException(
                Reason.NOT_A_PARTY,
                "'%s' is no party of agreement '%s', which names %s"
                    .formatted(party, name, partyNames()),
                Map.of("party", party, "agreement", name)));
  }

  /**
   * The dataset of this name.
   *
   * @throws RefusedException DATASET_NOT_FOUND when there is none
   */
  public Dataset dataset(String dataset) {
    return datasets.stream()
        .filter(d -> d.name().equals(dataset))
        .findFirst()
        .orElseThrow(() ->
            new RefusedException(
                Reason.DATASET_NOT_FOUND,
                "agreement '%s' has no dataset '%s'".formatted(name, dataset),
                Map.of("dataset", dataset, "agreement", name)));
  }

  /**
   * The rule for results of this name.
   *
   * @throws RefusedException RESULT_NOT_FOUND when there is none
   */
  public ResultRule result(String result) {
    return results.stream()
        .filter(r -> r.name().equals(result))
        .findFirst()
        .orElseThrow(() ->
            new RefusedException(
                Reason.RESULT_NOT_FOUND,
                "agreement '%s' has no result '%s'".formatted(name, result),
                Map.of("result", result, "agreement", name)));
  }

  /**
   * The parameter of this name.
   *
   * @throws RefusedException INVALID_PARAMETER when there is none
   */
  public Parameter parameter(String parameter) {
    return parameters.stream()
        .filter(p -> p.name().equals(parameter))
        .findFirst()
        .orElseThrow(() ->
            new RefusedException(
                Reason.INVALID_PARAMETER,
                "agreement '%s' has no parameter '%s'".formatted(name, parameter),
                Map.of("parameter", parameter, "agreement", name)));
  }

  /** Whether this party's enclave runs the app. */
  public boolean computes(String party) {
    return compute.contains(party);
  }

  /** The parties that start an enclave for a job: those that own a dataset or compute. */
  public SortedSet<String> enclaveParties() {
    TreeSet<String> enclaves = new TreeSet<>(compute);
    datasets.forEach(dataset -> enclaves.add(dataset.owner()));
    return Collections.unmodifiableSortedSet(enclaves);
  }

  /** The datasets that this party owns. */
  public List<Dataset> datasetsOf(String party) {
    return datasets.stream().filter(d -> d.owner().equals(party)).toList();
  }

  /** Whether the rows of this dataset may be in that party's enclaves. */
  public boolean mayHold(String party, String dataset) {
    Dataset held = dataset(dataset);
    return held.owner().equals(party) || held.releasedTo().contains(party);
  }

  /**
   * The datasets whose keys that party's enclave gets: its own, and where it computes those that it
   * may hold. Nothing for a party without an enclave.
   */
  public SortedSet<String> keysFor(String party) {
    return names(
        datasets.stream()
            .map(Dataset::name)
            .filter(d -> dataset(d).owner().equals(party) || (computes(party) && mayHold(party, d)))
            .toList());
  }

  /** The owners of datasets with a gate. */
  public SortedSet<String> gateOwners() {
    return names(
        datasets.stream()
            .filter(dataset -> dataset.gate() == GateRule.REQUIRED)
            .map(Dataset::owner)
            .toList());
  }

  /** All gates, in the order of their owners and steps. */
  public SortedSet<Gate> gates() {
    return chain == null ? Gates.ofApp(datasets) : Gates.ofSteps(datasets, ChainRules.steps(chain));
  }

  /**
   * The gates that must be passed in that party's enclave before it gets any key; none for a party
   * that does not compute.
   */
  public SortedSet<Gate> gatesBefore(String party) {
    return computes(party) ? gates() : Collections.emptySortedSet();
  }

  private static SortedSet<String> names(List<String> names) {
    return Collections.unmodifiableSortedSet(new TreeSet<>(names));
  }
}
