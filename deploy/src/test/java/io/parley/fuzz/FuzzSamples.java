package io.parley.fuzz;

import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementCodec;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Environment;
import io.parley.agreement.JobSpec;
import io.parley.agreement.Parameter;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.Membership;
import io.parley.identity.PartyIdentity;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;

/** Two parties with a broker, and what they agree on. */
final class FuzzSamples {
  static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  static final Digest SHIM = Digest.of(new byte[] {1});
  static final Digest APP = Digest.of(new byte[] {2});
  static final SecureRandom RANDOM = new SecureRandom();

  final PartyIdentity shop = PartyIdentity.generate("shop", InstantSource.fixed(NOW), RANDOM);
  final PartyIdentity payments =
      PartyIdentity.generate("payments", InstantSource.fixed(NOW), RANDOM);
  final BrokerIdentity broker = BrokerIdentity.generate("keys", InstantSource.fixed(NOW), RANDOM);
  final Membership membership =
      new Membership(
          "orders",
          1,
          null,
          NOW,
          List.of(shop.member("127.0.0.1:1"), payments.member("127.0.0.1:2")),
          broker.broker("127.0.0.1:3"));

  Agreement agreement() {
    return new Agreement(
        "orders-by-segment",
        List.of(shop.party(), payments.party()),
        membership.broker().digest(),
        APP,
        List.of(
            new Dataset(
                "customers",
                "shop",
                List.of(new Column("custkey", ColumnType.BIGINT, false)),
                List.of("payments")),
            new Dataset(
                "orders",
                "payments",
                List.of(
                    new Column("custkey", ColumnType.BIGINT, false),
                    new Column("price", ColumnType.decimal(12, 2), true)),
                List.of())),
        List.of("payments"),
        List.of(new ResultRule("summary", List.of("shop", "payments"), 1000)),
        new Environment(
            List.of("simulated"), List.of(SHIM), Environment.STRICT_TESTS, List.of("bwrap")),
        Terms.of(ChangeRule.UNANIMOUS, Instant.parse("2030-12-31T00:00:00Z"), 1000),
        List.of(
            new Parameter.Fixed("query", "SELECT count(*) FROM orders"),
            new Parameter.Free("since", ColumnType.DATE)));
  }

  SignedAgreement signed() {
    SignedAgreement signed = SignedAgreement.unsigned(agreement());
    for (PartyIdentity party : List.of(shop, payments)) {
      signed = signed.with(signed.sign(party.name(), party.signingKey()));
    }
    return signed;
  }

  JobSpec job() {
    return new JobSpec(
        "00112233445566778899aabbccddeeff",
        AgreementCodec.digest(agreement()),
        "shop",
        NOW,
        Map.of("since", "2026-01-31"));
  }
}
