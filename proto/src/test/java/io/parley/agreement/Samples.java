package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.identity.Broker;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** A hospital and an insurer, as tests of several rooms need them. */
public final class Samples {
  public static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  public static final Digest APP = Digest.of(ByteString.copyFromUtf8("app"));
  public static final Digest SHIM = Digest.of(ByteString.copyFromUtf8("shim"));

  public final PartyIdentity hospital;
  public final PartyIdentity insurer;
  public final BrokerIdentity broker;

  public Samples() {
    SecureRandom random = new SecureRandom();
    InstantSource clock = InstantSource.fixed(NOW);
    this.hospital = PartyIdentity.generate("hospital", clock, random);
    this.insurer = PartyIdentity.generate("insurer", clock, random);
    this.broker = BrokerIdentity.generate("keys", clock, random);
  }

  public Broker brokerEntry() {
    return broker.broker("127.0.0.1:7000");
  }

  public Membership membership() {
    return new Membership(
        "health",
        2,
        Digest.of(ByteString.copyFromUtf8("version 1")),
        NOW,
        List.of(hospital.member("127.0.0.1:7001"), insurer.member("127.0.0.1:7002")),
        brokerEntry());
  }

  public static Dataset admissions() {
    return new Dataset(
        "admissions",
        "hospital",
        List.of(
            new Column("patient", ColumnType.BIGINT, false),
            new Column("ward", ColumnType.VARCHAR, true),
            new Column("days", ColumnType.INTEGER, true)),
        List.of("insurer"));
  }

  public static Dataset claims() {
    return new Dataset(
        "claims",
        "insurer",
        List.of(
            new Column("patient", ColumnType.BIGINT, false),
            new Column("amount", ColumnType.decimal(12, 2), true)),
        List.of());
  }

  public static Environment environment() {
    return new Environment(
        List.of("simulated"), List.of(SHIM), Environment.STRICT_TESTS, List.of("bwrap"));
  }

  /** Computes at the insurer; a fixed query and a free date. */
  public Agreement agreement() {
    return agreement(admissions(), claims());
  }

  public Agreement agreement(Dataset... datasets) {
    return new Agreement(
        "claims-by-ward",
        List.of(hospital.party(), insurer.party()),
        brokerEntry().digest(),
        APP,
        Arrays.asList(datasets),
        List.of("insurer"),
        List.of(new ResultRule("summary", List.of("hospital", "insurer"), 10_000)),
        environment(),
        Terms.of(ChangeRule.UNANIMOUS, Instant.parse("2027-06-30T00:00:00Z"), 100),
        List.of(
            new Parameter.Fixed("query", "SELECT ward, count(*) FROM admissions GROUP BY ward"),
            new Parameter.Free("since", ColumnType.DATE)));
  }

  public JobSpec job() {
    return job(Map.of("since", "2026-01-31"));
  }

  public JobSpec job(Map<String, String> parameters) {
    return new JobSpec(
        "00112233445566778899aabbccddeeff",
        AgreementCodec.digest(agreement()),
        "hospital",
        NOW,
        parameters);
  }
}
