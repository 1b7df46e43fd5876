package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.Environment;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.PartyIdentity;
import io.parley.identity.SigningKey;
import io.parley.peer.witness.FakeLog;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ReceiptFile;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Witness;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/** An agreement, a broker that signed a receipt under it, and the broker's log. */
final class ReceiptWorld {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final String JOB = "00010203040506070809000102030405";

  final SigningKey brokerKey = SigningKey.generate(RANDOM);
  final Map<String, PartyIdentity> parties = new TreeMap<>();
  final SignedAgreement agreement;
  final Receipt receipt;
  final FakeLog log = new FakeLog(brokerKey);

  ReceiptWorld() {
    for (String name : List.of("hospital", "insurer")) {
      parties.put(name, PartyIdentity.generate(name, () -> NOW, RANDOM));
    }
    SignedAgreement signed = SignedAgreement.unsigned(terms());
    for (Map.Entry<String, PartyIdentity> party : parties.entrySet()) {
      signed = signed.with(signed.sign(party.getKey(), party.getValue().signingKey()));
    }
    agreement = signed;
    receipt =
        Receipt.newBuilder()
            .setJobId(JOB)
            .setAgreementSha256(agreement.digest().value())
            .setJobSha256(Digest.of(new byte[] {1}).value())
            .setComputedAt("insurer")
            .setJobsStarted(1)
            .setMaxJobs(10)
            .build();
    log.append(entry(0, "grant", receipt))
        .append(entry(1, "receipt", receipt.toBuilder().setJobId("f" + JOB.substring(1)).build()))
        .append(entry(2, "receipt", receipt));
  }

  ReceiptFile file() {
    return fileOf(receipt);
  }

  /** The broker signs another receipt than it logged. */
  ReceiptFile fileOf(Receipt signed) {
    return file(signed, log.signed());
  }

  ReceiptFile cosignedBy(String party) {
    PartyIdentity identity = Objects.requireNonNull(parties.get(party), party);
    SignedCheckpoint checkpoint = log.signed();
    SigningKey key = identity.node().witnessKey();
    return file(
        receipt,
        checkpoint.with(
            Witness.of(party, key.verifyingKey()).cosign(checkpoint.checkpoint(), NOW, key)));
  }

  private ReceiptFile file(Receipt signed, SignedCheckpoint checkpoint) {
    ByteString payload = signed.toByteString();
    DsseEnvelope envelope =
        new DsseEnvelope(
            Dsse.RECEIPT_TYPE,
            payload,
            List.of(Dsse.sign(Dsse.RECEIPT_TYPE, payload, "broker", brokerKey)));
    return ReceiptFile.newBuilder()
        .setReceipt(envelope.toProto())
        .setProof(log.prove(2, checkpoint).encode())
        .setAgreement(agreement.envelope().toProto())
        .setBrokerKey(brokerKey.verifyingKey().value())
        .build();
  }

  private static ByteString entry(int index, String action, Receipt about) {
    return LogEntry.newBuilder()
        .setDecision(
            Decision.newBuilder()
                .setIndex(index)
                .setAction(action)
                .setParty(about.getComputedAt())
                .setJobId(about.getJobId())
                .setAgreementSha256(about.getAgreementSha256())
                .setSubjectSha256(Digest.of(about.toByteString()).value()))
        .build()
        .toByteString();
  }

  private Agreement terms() {
    List<Column> columns = List.of(new Column("patient", ColumnType.BIGINT, false));
    return new Agreement(
        "wards",
        parties.values().stream().map(PartyIdentity::party).toList(),
        brokerKey.verifyingKey().digest(),
        Digest.of(new byte[] {2}),
        List.of(
            new Dataset("admissions", "hospital", columns, List.of("insurer")),
            new Dataset("claims", "insurer", columns, List.of())),
        List.of("insurer"),
        List.of(new ResultRule("summary", List.of("hospital", "insurer"), 1000)),
        new Environment(
            List.of("simulated"),
            List.of(Digest.of(new byte[] {3})),
            Environment.STRICT_TESTS,
            List.of("bwrap")),
        Terms.of(ChangeRule.NEVER, NOW.plus(30, ChronoUnit.DAYS), 10),
        List.of());
  }
}
