package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.identity.Membership;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Suggestions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An agreement as it was written: valid by itself, with names where the signed form has keys and
 * digests. Immutable.
 */
public final class AgreementDraft {
  private final String name;
  private final List<String> parties;
  private final @Nullable Digest broker;
  private final @Nullable String app;
  private final @Nullable ChainDraft chain;
  private final List<Dataset> datasets;
  private final List<String> compute;
  private final List<ResultRule> results;
  private final EnvironmentDraft environment;
  private final Terms terms;
  private final List<Parameter> parameters;
  private final List<PlatformPolicy> brokerEvidence;
  private final Queries queries;

  AgreementDraft(
      String name,
      List<String> parties,
      @Nullable Digest broker,
      @Nullable String app,
      @Nullable ChainDraft chain,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> results,
      EnvironmentDraft environment,
      Terms terms,
      List<Parameter> parameters,
      List<PlatformPolicy> brokerEvidence,
      Queries queries) {
    this.name = name;
    this.parties = List.copyOf(parties);
    this.broker = broker;
    this.app = app;
    this.chain = chain;
    this.datasets = List.copyOf(datasets);
    this.compute = List.copyOf(compute);
    this.results = List.copyOf(results);
    this.environment = environment;
    this.terms = terms;
    this.parameters = List.copyOf(parameters);
    this.brokerEvidence = List.copyOf(brokerEvidence);
    this.queries = queries;
  }

  public String name() {
    return name;
  }

  /** The names of the parties, in the order they were written. */
  public List<String> parties() {
    return parties;
  }

  /**
   * The apps, each a digest in text form or a name to look up: one, or one for each step of the
   * chain in the order of the steps.
   */
  public List<String> apps() {
    return chain != null ? chain.apps() : app == null ? List.of() : List.of(app);
  }

  /** The names of the chain's steps, in order; none where there is one app. */
  public List<String> steps() {
    return chain == null ? List.of() : chain.steps().stream().map(ChainRules.Step::name).toList();
  }

  /**
   * What bears on one of them.
   *
   * @throws RefusedException INVALID_REQUEST when there is no chain, or no such step
   */
  public StepTerms step(String step) {
    return StepTerms.of(
        chain == null ? List.of() : chain.steps(),
        step,
        new ChainRules.Around(datasets, results, parameters));
  }

  /** The steps that read a dataset with conditions, and so must keep to them. */
  public List<String> stepsWithConditions() {
    StepConditions conditions = new StepConditions(datasets, results);
    return chain == null
        ? List.of()
        : chain.steps().stream()
            .filter(step -> conditions.bind(step.flow()))
            .map(ChainRules.Step::name)
            .toList();
  }

  public List<Dataset> datasets() {
    return datasets;
  }

  public List<String> compute() {
    return compute;
  }

  public List<ResultRule> results() {
    return results;
  }

  /** The kinds of evidence that it accepts. */
  public List<String> evidence() {
    return environment.evidence();
  }

  public List<Parameter> parameters() {
    return parameters;
  }

  /** Who writes the query. */
  public Queries queries() {
    return queries;
  }

  /** Whether it says which broker, and not just the consortium's. */
  public boolean namesBroker() {
    return broker != null;
  }

  /** The same with the consortium's broker, whichever that is. */
  public AgreementDraft atAnyBroker() {
    return new AgreementDraft(
        name,
        parties,
        null,
        app,
        chain,
        datasets,
        compute,
        results,
        environment,
        terms,
        parameters,
        brokerEvidence,
        queries);
  }

  /**
   * The step of a gate, alone: an agreement of its own in which it does what it does in the chain.
   *
   * @throws RefusedException INVALID_REQUEST when there is no chain, or no such step
   */
  public AgreementDraft only(Gate gate) {
    if (chain == null) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "agreement '%s' has one app, and no steps".formatted(name));
    }
    StepAlone alone = new StepAlone(chain, gate);
    return new AgreementDraft(
        name,
        parties,
        broker,
        null,
        alone.chain(),
        alone.datasets(datasets, compute),
        compute,
        alone.results(results, datasets),
        environment,
        terms,
        alone.parameters(parameters),
        brokerEvidence,
        queries);
  }

  /**
   * The agreement that this stands for here and now: parties' keys and the broker from the
   * membership list, the app by name, the shim of this installation where none is named.
   *
   * @param apps the digest of the app of that name; throws APP_NOT_FOUND when there is none
   * @throws RefusedException INVALID_AGREEMENT when a party is no member, or the broker is another
   *     than the consortium's; whatever {@code apps} or {@code localShim} throws
   */
  public Agreement resolve(
      Membership membership, Function<String, Digest> apps, Supplier<Digest> localShim) {
    Problems problems = new Problems();
    List<Party> members = new ArrayList<>();
    for (String party : parties) {
      membership
          .find(party)
          .ifPresentOrElse(
              member -> members.add(member.party()),
              () ->
                  problems.add(
                      "parties",
                      "'%s' is no member of consortium '%s'%s"
                          .formatted(
                              party,
                              membership.consortium(),
                              Suggestions.forName(party, membership.names()))));
    }
    Digest consortiumBroker = membership.broker().digest();
    problems.check(
        broker == null || broker.equals(consortiumBroker),
        "broker",
        "%s is not the broker of consortium '%s', which is %s; name that, or leave it out"
            .formatted(broker, membership.consortium(), consortiumBroker));
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "agreement '%s'".formatted(name));
    @Nullable Chain steps = chain == null ? null : chain.resolve(named -> appDigest(named, apps));
    return new Agreement(
        name,
        members,
        consortiumBroker,
        steps == null ? appDigest(java.util.Objects.requireNonNull(app), apps) : steps.digest(),
        datasets,
        compute,
        results,
        environment.resolve(localShim),
        terms,
        parameters,
        brokerEvidence,
        queries,
        steps);
  }

  private static Digest appDigest(String app, Function<String, Digest> apps) {
    if (app.startsWith("sha256:")) {
      return Digest.parse(app);
    }
    @Nullable Digest digest = apps.apply(app);
    if (digest == null) {
      throw new RefusedException(
          Reason.APP_NOT_FOUND,
          "no app is known here as '%s'; name its digest, or add it".formatted(app),
          Map.of("app", app));
    }
    return digest;
  }
}
