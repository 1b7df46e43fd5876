package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnknownFieldSet;
import io.parley.proto.agreement.v1.Agreement.Builder;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.io.IOException;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class AgreementCodecTest {
  private static final Samples SAMPLES = new Samples();
  private static final Agreement AGREEMENT = SAMPLES.agreement();
  private static final ByteString BYTES = AgreementCodec.encode(AGREEMENT);
  private static final UnknownFieldSet UNKNOWN =
      UnknownFieldSet.newBuilder()
          .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(7).build())
          .build();

  @Test
  void givesBackWhatWentIn() {
    assertThat(AgreementCodec.decode(BYTES)).isEqualTo(AGREEMENT);
    assertThat(AgreementCodec.encode(AgreementCodec.decode(BYTES))).isEqualTo(BYTES);
    assertThat(AgreementCodec.digest(AGREEMENT)).isEqualTo(io.parley.wire.Digest.of(BYTES));
  }

  @Test
  void equalAgreementsHaveEqualBytes() {
    assertThat(AgreementCodec.encode(SAMPLES.agreement(Samples.claims(), Samples.admissions())))
        .isEqualTo(BYTES);
  }

  /** A changed bit is refused, or says something else; it never says the same in other bytes. */
  @Test
  void everyByteWithAFlippedBitIsRefusedOrMeansSomethingElse() {
    byte[] bytes = BYTES.toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      byte bit = (byte) (1 << i % 8);
      bytes[i] ^= bit;
      requireRefusedOrOther(ByteString.copyFrom(bytes));
      bytes[i] ^= bit;
    }
  }

  @Test
  void everyCutIsRefusedOrMeansSomethingElse() {
    for (int length = 0; length < BYTES.size(); length++) {
      requireRefusedOrOther(BYTES.substring(0, length));
    }
  }

  private static void requireRefusedOrOther(ByteString mutated) {
    Agreement decoded;
    try {
      decoded = AgreementCodec.decode(mutated);
    } catch (RefusedException e) {
      assertThat(e.reason()).isIn(Reason.INVALID_AGREEMENT, Reason.INVALID_REQUEST);
      return;
    }
    assertThat(decoded).isNotEqualTo(AGREEMENT);
    assertThat(AgreementCodec.encode(decoded)).isEqualTo(mutated);
  }

  @Test
  void refusesTrailingBytesAndDoubledContent() {
    assertRefused(BYTES.concat(ByteString.copyFrom(new byte[1])), "not a message");
    assertRefused(BYTES.concat(BYTES), "one byte form");
  }

  @Test
  void refusesUnknownFieldsAtAnyDepth() {
    refuse(b -> b.setUnknownFields(UNKNOWN), "does not know");
    refuse(b -> b.getDatasetsBuilder(0).setUnknownFields(UNKNOWN), "does not know");
    refuse(
        b -> b.getDatasetsBuilder(1).getColumnsBuilder(1).setUnknownFields(UNKNOWN),
        "does not know");
    refuse(
        b -> b.getPartiesBuilder(0).getResultKeyBuilder().setUnknownFields(UNKNOWN),
        "does not know");
    refuse(b -> b.getExpiresBuilder().setUnknownFields(UNKNOWN), "does not know");
    refuse(b -> b.getEnvironmentBuilder().setUnknownFields(UNKNOWN), "does not know");
    refuse(b -> b.getParametersBuilder(0).setUnknownFields(UNKNOWN), "does not know");
  }

  /** protobuf drops these in silence, so only the bytes tell. */
  @Test
  void refusesUnknownFieldsInAMapEntry() throws IOException {
    io.parley.proto.agreement.v1.Environment parsed =
        io.parley.proto.agreement.v1.Environment.parseFrom(
            new byte[] {26, 8, 10, 1, 'x', 18, 1, 'y', 24, 1});
    assertThat(parsed.getTestsMap()).containsEntry("x", "y");
    StrictMessages.refuseUnknown(parsed, Reason.INVALID_AGREEMENT, "environment");
    assertThatThrownBy(() ->
            StrictMessages.parse(
                io.parley.proto.agreement.v1.Environment.parser(),
                ByteString.copyFrom(new byte[] {26, 8, 10, 1, 'x', 18, 1, 'y', 24, 1}),
                Limits.MAX_DOCUMENT_BYTES,
                Reason.INVALID_AGREEMENT,
                "environment"))
        .hasMessageContaining("one byte form");
  }

  @Test
  void refusesListsOutOfOrder() {
    refuse(
        b -> {
          io.parley.proto.agreement.v1.Party first = b.getParties(0);
          b.setParties(0, b.getParties(1)).setParties(1, first);
        },
        "one byte form");
    refuse(
        b ->
            b.getResultsBuilder(0)
                .clearRecipients()
                .addRecipients("insurer")
                .addRecipients("hospital"),
        "one byte form");
  }

  @Test
  void refusesOtherSpellingsOfAType() {
    refuse(b -> b.getDatasetsBuilder(0).getColumnsBuilder(0).setType("bigint"), "one byte form");
    refuse(
        b -> b.getDatasetsBuilder(1).getColumnsBuilder(1).setType("DECIMAL(12, 2)"),
        "one byte form");
  }

  @Test
  void refusesWhatIsMissing() {
    refuse(Builder::clearName, "name: ''");
    refuse(Builder::clearParties, "parties: has 0 entries");
    refuse(Builder::clearBrokerKeySha256, "broker: digest is 0 bytes long; expected 32");
    refuse(Builder::clearAppSha256, "app: digest is 0 bytes long");
    refuse(Builder::clearDatasets, "datasets: has 0 entries");
    refuse(Builder::clearCompute, "compute: has 0 entries");
    refuse(Builder::clearResults, "results: has 0 entries");
    refuse(Builder::clearEnvironment, "environment: is missing");
    refuse(Builder::clearChanges, "changes: is missing");
    refuse(Builder::clearExpires, "expires: is missing");
    refuse(Builder::clearMaxJobs, "max_jobs: is 0");
    refuse(b -> b.getEnvironmentBuilder().clearEvidence(), "evidence: has 0 entries");
    refuse(b -> b.getEnvironmentBuilder().clearShimSha256(), "shim: has 0 entries");
    refuse(b -> b.getEnvironmentBuilder().clearTests(), "tests: has 0 entries");
    refuse(b -> b.getEnvironmentBuilder().clearIsolation(), "isolation: has 0 entries");
    refuse(b -> b.getParametersBuilder(0).clearValue(), "neither a value nor a type");
    refuse(b -> b.getDatasetsBuilder(0).clearColumns(), "columns: has 0 entries");
    refuse(b -> b.getPartiesBuilder(0).clearSigningKey(), "parties[0]: Ed25519 public key is 0");
    refuse(b -> b.getPartiesBuilder(0).clearResultKey(), "parties[0]: HPKE suite");
  }

  @Test
  void refusesNumbersOutOfRange() {
    refuse(b -> b.setMaxJobs(-1), "max_jobs: is -1");
    refuse(b -> b.setMaxJobs(Limits.MAX_JOBS + 1), "max_jobs");
    refuse(b -> b.getExpiresBuilder().setNanos(-1), "expires: timestamp is out of range");
    refuse(b -> b.getExpiresBuilder().setNanos(1_000_000_000), "expires");
    refuse(b -> b.getExpiresBuilder().setSeconds(Long.MAX_VALUE), "expires");
    refuse(b -> b.getResultsBuilder(0).setMaxRows(-1), "max_rows: is -1");
    refuse(b -> b.setChangesValue(9), "changes: is missing or not known");
    refuse(b -> b.getPartiesBuilder(0).getResultKeyBuilder().setSuiteValue(9), "HPKE suite");
  }

  @Test
  void tellsAllProblemsAtOnce() {
    refuse(
        b -> {
          b.setName("BAD").clearExpires().setMaxJobs(0).clearChanges();
          b.getDatasetsBuilder(0).getColumnsBuilder(0).setType("INT");
          b.getResultsBuilder(0).addRecipients("bank");
        },
        "name: 'BAD'",
        "expires: is missing",
        "max_jobs: is 0",
        "changes: is missing",
        "datasets[0].columns[0]: 'INT' is not a column type; did you mean 'INTEGER'?",
        "results.summary.recipients: 'bank' is no party");
  }

  @Test
  void refusesWhatIsTooLargeBeforeParsing() {
    assertThatThrownBy(() ->
            AgreementCodec.decode(ByteString.copyFrom(new byte[Limits.MAX_DOCUMENT_BYTES + 1])))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT));
  }

  private static void refuse(Consumer<Builder> change, String... expected) {
    try {
      Builder builder = io.parley.proto.agreement.v1.Agreement.parseFrom(BYTES).toBuilder();
      change.accept(builder);
      assertRefused(StrictMessages.encode(builder.build()), expected);
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }

  private static void assertRefused(ByteString bytes, String... expected) {
    assertThatThrownBy(() -> AgreementCodec.decode(bytes))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContainingAll(expected);
  }
}
