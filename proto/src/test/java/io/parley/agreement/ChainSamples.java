package io.parley.agreement;

import io.parley.wire.Digest;

/** Chains for tests. */
final class ChainSamples {
  static final Digest MATCHING = Digest.of(new byte[] {1});
  static final Digest REGRESSION = Digest.of(new byte[] {2});

  /** Agency and insurer: matching, then regression on the matched sample. */
  static final String YAML =
      """
      agreement: training-effect
      parties: [hospital, insurer]
      chain:
        match:
          app: matching
          reads: {people: all, incomes: {id: BIGINT, later: DOUBLE}}
          params: {treatment: treat, caliper: {from: caliper}}
          writes:
            balance: {}
            sample:
              columns: {treat: INTEGER, later: DOUBLE NOT NULL}
              read_by: [fit]
        fit:
          app: regression
          reads: {sample: {later: DOUBLE, treat: INTEGER}}
          params: {target: later, features: treat}
          writes: [effect]
      datasets:
        people:
          owner: hospital
          columns: {id: BIGINT NOT NULL, treat: INTEGER}
          released_to: [insurer]
          read_by: [match]
        incomes:
          owner: insurer
          columns: {id: BIGINT NOT NULL, later: DOUBLE, name: VARCHAR}
          read_by: [match]
      compute: [insurer]
      results:
        balance: {recipients: [hospital, insurer], max_rows: 100}
        effect: {recipients: [hospital, insurer], max_rows: 100}
      params:
        caliper: {type: DOUBLE}
      environment: {evidence: [simulated], tests: strict}
      changes: never
      expires: 2030-01-01
      max_jobs: 3
      """;

  private ChainSamples() {}

  static Agreement agreement() {
    return agreement(new Samples());
  }

  static Agreement agreement(Samples world) {
    return AgreementYaml.parse(YAML, "chain.yaml")
        .resolve(
            world.membership(),
            name -> name.equals("matching") ? MATCHING : REGRESSION,
            () -> Digest.of(new byte[] {3}));
  }

  static Chain chain() {
    Chain chain = agreement().chain();
    if (chain == null) {
      throw new AssertionError("no chain");
    }
    return chain;
  }
}
