package io.parley.seal;

import static io.parley.seal.SealFixtures.hex;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.wire.Digest;
import io.parley.wire.StrictMessages;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * A log of three entries, its checkpoint with a cosignature, and proofs: put together here by hand,
 * as the page says it, and not by the code that the product runs.
 */
final class LogVectors {
  private static final long AT = Instant.parse("2026-11-21T00:00:00Z").getEpochSecond();

  private final ByteString brokerKey;
  private final UnaryOperator<ByteString> brokerSigns;
  private final ByteString witnessKey;
  private final UnaryOperator<ByteString> witnessSigns;
  private final Digest agreement;

  /**
   * @param witnessKey of the party 'north'
   * @param agreement that the entries are about
   */
  LogVectors(
      ByteString brokerKey,
      UnaryOperator<ByteString> brokerSigns,
      ByteString witnessKey,
      UnaryOperator<ByteString> witnessSigns,
      Digest agreement) {
    this.brokerKey = brokerKey;
    this.brokerSigns = brokerSigns;
    this.witnessKey = witnessKey;
    this.witnessSigns = witnessSigns;
    this.agreement = agreement;
  }

  Map<String, ByteString> all() {
    ByteString comparison = comparison();
    ByteString salt = bytes(0x62, 32);
    List<ByteString> entries =
        List.of(
            encode(entry(0, "propose", "north", "agreement 'orders-by-region'")),
            encode(entry(1, "sign", "north", "signature of north")),
            encode(
                entry(2, "refuse", "south", "claim app_sha256")
                    .addComparisonFor("north")
                    .setComparisonSha256(Digest.of(salt.concat(comparison)).value())));
    ByteString first = leaf(entries.get(0));
    ByteString second = leaf(entries.get(1));
    ByteString third = leaf(entries.get(2));
    ByteString left = node(first, second);
    ByteString root = node(left, third);
    String text = origin() + "\n3\n" + base64(root) + "\n";
    String note =
        text
            + "\n"
            + line(origin(), 0x01, brokerKey, brokerSigns.apply(utf8(text)))
            + line("parley.witness/north", 0x04, witnessKey, cosignature(text));
    String proof =
        "c2sp.org/tlog-proof@v1\nextra %s\nindex 1\n%s\n%s\n\n"
                .formatted(base64(entries.get(1)), base64(first), base64(third))
            + note;
    Map<String, ByteString> vectors = new LinkedHashMap<>();
    vectors.put("log.entry0", entries.get(0));
    vectors.put("log.entry1", entries.get(1));
    vectors.put("log.entry2", entries.get(2));
    vectors.put("log.comparison", comparison);
    vectors.put("log.comparison_salt", salt);
    vectors.put("log.leaf0", first);
    vectors.put("log.leaf1", second);
    vectors.put("log.leaf2", third);
    vectors.put("log.root", root);
    vectors.put("log.checkpoint", utf8(note));
    vectors.put("log.proof_of_entry1", utf8(proof));
    vectors.put("log.consistency_1_to_3", second.concat(third));
    return vectors;
  }

  private LogEntry.Builder entry(long index, String action, String party, String detail) {
    return LogEntry.newBuilder()
        .setDecision(
            Decision.newBuilder()
                .setIndex(index)
                .setAt(Timestamp.newBuilder().setSeconds(AT + index))
                .setAction(action)
                .setParty(party)
                .setAgreementSha256(agreement.value())
                .setReason(action.equals("refuse") ? "EVIDENCE_APP_WRONG" : "")
                .setDetail(detail))
        .setSalt(bytes(0x61, 16));
  }

  private static ByteString comparison() {
    return encode(
        Comparison.newBuilder()
            .addClaims(
                ComparedClaim.newBuilder()
                    .setClaim("app_sha256")
                    .setExpected("one")
                    .setSeen("another")));
  }

  private ByteString cosignature(String text) {
    ByteString signature = witnessSigns.apply(utf8("cosignature/v1\ntime " + AT + "\n" + text));
    return ByteString.copyFrom(ByteBuffer.allocate(Long.BYTES).putLong(0, AT)).concat(signature);
  }

  private String origin() {
    return "parley.log/" + Digest.of(brokerKey).hex();
  }

  private static String line(String name, int type, ByteString key, ByteString value) {
    ByteString named = utf8(name + "\n").concat(hex("%02x".formatted(type))).concat(key);
    return "— %s %s\n"
        .formatted(name, base64(Digest.of(named).value().substring(0, 4).concat(value)));
  }

  private static ByteString leaf(ByteString entry) {
    return Digest.of(hex("00").concat(entry)).value();
  }

  private static ByteString node(ByteString left, ByteString right) {
    return Digest.of(hex("01").concat(left).concat(right)).value();
  }

  private static ByteString encode(Message.Builder message) {
    return StrictMessages.encode(message.build());
  }

  private static ByteString bytes(int value, int count) {
    return hex("%02x".formatted(value).repeat(count));
  }

  private static String base64(ByteString bytes) {
    return Base64.getEncoder().encodeToString(bytes.toByteArray());
  }

  private static ByteString utf8(String text) {
    return ByteString.copyFromUtf8(text);
  }
}
