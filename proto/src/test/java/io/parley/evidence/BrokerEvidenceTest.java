package io.parley.evidence;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnknownFieldSet;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Collections;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class BrokerEvidenceTest {
  private static final BrokerStatement STATEMENT =
      new BrokerStatement(bytes(32, 1), bytes(32, 2), new Digest(bytes(32, 3)));
  private static final BrokerEvidence EVIDENCE =
      new BrokerEvidence(
          "sev-snp", STATEMENT.encode(), bytes(9, 4), List.of(bytes(3, 5)), List.of());

  private static ByteString bytes(int size, int value) {
    return ClaimsTest.bytes(size, value);
  }

  @Test
  void bothComeBackFromTheirForms() {
    assertThat(BrokerStatement.parse(STATEMENT.encode())).isEqualTo(STATEMENT);
    assertThat(BrokerEvidence.fromMessage(EVIDENCE.toMessage())).isEqualTo(EVIDENCE);
  }

  @Test
  void reportDataIsSha512OverLabelZeroAndStatement() throws Exception {
    MessageDigest sha512 = MessageDigest.getInstance("SHA-512");
    sha512.update("parley/v1/broker-report-data\0".getBytes(StandardCharsets.US_ASCII));
    assertThat(STATEMENT.reportData().value().toByteArray())
        .isEqualTo(sha512.digest(STATEMENT.encode().toByteArray()));
  }

  @Test
  void noEnclavesReportDataIsABrokers() {
    assertThat(ReportData.of(STATEMENT.encode())).isNotEqualTo(STATEMENT.reportData());
  }

  @Test
  void noChangedByteOfAStatementGivesTheSameReportData() {
    byte[] good = STATEMENT.encode().toByteArray();
    for (int at = 0; at < good.length; at++) {
      byte[] bad = good.clone();
      bad[at] ^= 1;
      try {
        assertThat(BrokerStatement.parse(ByteString.copyFrom(bad)).reportData())
            .isNotEqualTo(STATEMENT.reportData());
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  @Test
  void whatIsCutOrLongerOrUnknownIsRefused() {
    ByteString good = STATEMENT.encode();
    for (int length = 0; length < good.size(); length++) {
      ByteString cut = good.substring(0, length);
      refused(() -> BrokerStatement.parse(cut));
    }
    refused(() -> BrokerStatement.parse(good.concat(good)));
    refused(() ->
        BrokerStatement.parse(
            io.parley.proto.broker.v1.BrokerStatement.newBuilder()
                .setNonce(STATEMENT.nonce())
                .setBrokerKey(STATEMENT.brokerKey())
                .setTlsCertificateSha256(STATEMENT.tlsCertificate().value())
                .setUnknownFields(unknown())
                .build()
                .toByteString()));
    refused(() ->
        BrokerEvidence.fromMessage(
            EVIDENCE.toMessage().toBuilder().setUnknownFields(unknown()).build()));
  }

  private static UnknownFieldSet unknown() {
    return UnknownFieldSet.newBuilder()
        .addField(99, UnknownFieldSet.Field.newBuilder().addVarint(1).build())
        .build();
  }

  @Test
  void everyPartHasALimit() {
    ByteString s = STATEMENT.encode();
    ByteString r = EVIDENCE.report();
    ByteString one = bytes(1, 1);
    refused(() -> new BrokerStatement(bytes(31, 1), bytes(32, 2), new Digest(bytes(32, 3))));
    refused(() -> new BrokerStatement(bytes(32, 1), bytes(33, 2), new Digest(bytes(32, 3))));
    refused(() -> new BrokerEvidence("Bad Kind", s, r, List.of(), List.of()));
    refused(() -> new BrokerEvidence("tdx", ByteString.EMPTY, r, List.of(), List.of()));
    refused(() -> new BrokerEvidence("tdx", bytes(257, 1), r, List.of(), List.of()));
    refused(() -> new BrokerEvidence("tdx", s, ByteString.EMPTY, List.of(), List.of()));
    refused(() -> new BrokerEvidence("tdx", s, bytes((32 << 10) + 1, 1), List.of(), List.of()));
    refused(() -> new BrokerEvidence("tdx", s, r, Collections.nCopies(17, one), List.of()));
    refused(() -> new BrokerEvidence("tdx", s, r, List.of(bytes((16 << 10) + 1, 1)), List.of()));
    refused(() -> new BrokerEvidence("tdx", s, r, List.of(), Collections.nCopies(17, one)));
    refused(() -> new BrokerEvidence("tdx", s, r, List.of(), List.of(bytes((128 << 10) + 1, 1))));
  }

  private static void refused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE));
  }
}
