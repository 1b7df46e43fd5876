package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.GateRule;
import io.parley.agreement.JobSpec;
import io.parley.agreement.Parameter;
import io.parley.agreement.Party;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.SigningKey;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Parties with their keys, a broker key, and agreements that all of them signed. */
public final class TestWorld {
  public static final List<Column> ADMISSIONS =
      List.of(
          new Column("patient", ColumnType.BIGINT, false),
          new Column("ward", ColumnType.VARCHAR, true));
  public static final List<Column> CLAIMS =
      List.of(
          new Column("patient", ColumnType.BIGINT, false),
          new Column("amount", ColumnType.DOUBLE, true));

  public final SecureRandom random = new SecureRandom();
  public final Map<String, SigningKey> signing = new HashMap<>();
  public final Map<String, HpkeKeyPair> results = new HashMap<>();
  public final Map<String, SigningKey> platforms = new HashMap<>();
  public final SigningKey broker = SigningKey.generate(random);
  public final Digest shim = Digest.of(new byte[] {1});

  /** What agreements say of receive keys. */
  public HpkeSuite hpke = HpkeSuite.XWING;

  private final List<Party> parties = new ArrayList<>();

  public TestWorld(String... names) {
    for (String name : names) {
      signing.put(name, SigningKey.generate(random));
      // The first party's results are sealed to it with another suite than the others'.
      HpkeSuite suite = parties.isEmpty() ? HpkeSuite.X25519 : HpkeSuite.XWING;
      results.put(name, HpkeKeyPair.generate(suite, random));
      platforms.put(name, SigningKey.generate(random));
      parties.add(
          new Party(
              name,
              key(signing, name).verifyingKey(),
              value(results, name).publicKey(),
              key(platforms, name).verifyingKey(),
              key(platforms, name).verifyingKey()));
    }
  }

  static SigningKey key(Map<String, SigningKey> keys, String name) {
    return value(keys, name);
  }

  static <T> T value(Map<String, T> map, String name) {
    T value = map.get(name);
    if (value == null) {
      throw new AssertionError("nothing for " + name);
    }
    return value;
  }

  /** Every dataset is released to every computing party. */
  public SignedAgreement agreement(
      Digest app, List<Dataset> datasets, List<String> compute, List<ResultRule> rules) {
    return agreement(app, null, datasets, compute, rules);
  }

  /** The same with a chain. */
  public SignedAgreement agreement(
      Chain chain, List<Dataset> datasets, List<String> compute, List<ResultRule> rules) {
    return agreement(chain.digest(), chain, datasets, compute, rules);
  }

  private SignedAgreement agreement(
      Digest app,
      @Nullable Chain chain,
      List<Dataset> datasets,
      List<String> compute,
      List<ResultRule> rules) {
    Agreement agreement =
        new Agreement(
            "test",
            parties,
            broker.verifyingKey().digest(),
            app,
            datasets,
            compute,
            rules,
            new Environment(
                List.of("simulated"),
                List.of(shim),
                Map.of("network", "denied"),
                List.of("bwrap"),
                hpke),
            Terms.of(ChangeRule.NEVER, Instant.parse("2040-01-01T00:00:00Z"), 10),
            List.of(
                new Parameter.Fixed("query", "SELECT \"x\"\n"),
                new Parameter.Free("since", ColumnType.DATE)),
            List.of(),
            Queries.FIXED,
            chain);
    SignedAgreement signed = SignedAgreement.unsigned(agreement);
    for (Party party : parties) {
      signed = signed.with(signed.sign(party.name(), key(signing, party.name())));
    }
    return signed;
  }

  /** Hospital's admissions and insurer's claims, computed at the insurer. */
  public SignedAgreement hospitalAndInsurer(Digest app, long maxRows) {
    return agreement(
        app,
        List.of(
            new Dataset("admissions", "hospital", ADMISSIONS, List.of("insurer")),
            new Dataset("claims", "insurer", CLAIMS, List.of())),
        List.of("insurer"),
        List.of(new ResultRule("summary", List.of("hospital", "insurer"), maxRows)));
  }

  /** The same with a gate of the hospital's. */
  public SignedAgreement gated(Digest app, List<ResultRule> rules) {
    return agreement(
        app,
        List.of(
            new Dataset(
                "admissions", "hospital", ADMISSIONS, List.of("insurer"), GateRule.REQUIRED),
            new Dataset("claims", "insurer", CLAIMS, List.of())),
        List.of("insurer"),
        rules);
  }

  public JobSpec spec(SignedAgreement signed) {
    Instant created = Instant.parse("2026-11-21T00:00:00Z");
    return new JobSpec(
        JobSpec.newJobId(created, random),
        signed.digest(),
        parties.getFirst().name(),
        created,
        Map.of("since", "2026-01-01"));
  }

  public ByteString salt() {
    byte[] salt = new byte[32];
    random.nextBytes(salt);
    return ByteString.copyFrom(salt);
  }
}
