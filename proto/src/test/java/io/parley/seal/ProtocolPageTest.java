package io.parley.seal;

import static io.parley.seal.SealFixtures.hex;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dsse;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.tlog.Checkpoint;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.TreeHead;
import io.parley.tlog.TreeProofs;
import io.parley.tlog.Witness;
import io.parley.wire.Digest;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/**
 * Holds deploy/docs/protocol.md to the code: the vectors on the page are those that the code makes,
 * and what the page says opens, opens. On a difference, target/protocol-vectors.txt has the block
 * that the page should have.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ProtocolPageTest {
  private static final int LINE_DIGITS = 96;

  private String text = "";
  private Map<String, ByteString> page = Map.of();

  @BeforeAll
  void readThePage() throws IOException {
    Path fromModule = Path.of("../deploy/docs/protocol.md");
    Path path = Files.exists(fromModule) ? fromModule : Path.of("deploy/docs/protocol.md");
    text = Files.readString(path);
    page = parse(text);
  }

  @Test
  void vectors_areThoseThatTheCodeMakes() throws Exception {
    Map<String, ByteString> made = ProtocolVectors.all(page);
    if (!page.equals(made)) {
      Files.createDirectories(Path.of("target"));
      Files.writeString(Path.of("target/protocol-vectors.txt"), format(made));
    }

    assertThat(page.keySet()).containsExactlyElementsOf(made.keySet());
    made.forEach((name, value) ->
        assertThat(SealFixtures.hex(vector(name))).as(name).isEqualTo(SealFixtures.hex(value)));
  }

  @Test
  void agreementSignature_verifies() {
    VerifyingKey key = new VerifyingKey(vector("signing.public"));

    assertThat(key.verifyExact(vector("agreement.pae"), vector("agreement.signature"))).isTrue();
    assertThat(vector("agreement.pae").toStringUtf8())
        .startsWith("DSSEv1 %d %s ".formatted(Dsse.AGREEMENT_TYPE.length(), Dsse.AGREEMENT_TYPE));
  }

  @Test
  void evidence_isAboutItsClaims() {
    Evidence evidence = Evidence.parse(vector("evidence"));

    assertThat(evidence.claims()).isEqualTo(vector("claims"));
    assertThat(SimulatedEvidence.parse(evidence.document()).reportData())
        .isEqualTo(new ReportData(vector("claims.report_data")))
        .isEqualTo(evidence.reportData());
  }

  @Test
  void xwingVector_opens() {
    try (HpkeKeyPair pair =
            HpkeKeyPair.of(
                HpkeSuite.XWING, Secret.copyOf(vector("xwing.receive_private").toByteArray()));
        Secret expected = Secret.copyOf(vector("grant.data_key").toByteArray())) {
      // The same info as for X25519: only the aad names the enclave's key.
      Bindings.Grant grant =
          new Bindings.Grant(
              new Digest(vector("agreement.sha256")),
              new Digest(vector("job.sha256")),
              new Digest(vector("evidence.sha256")),
              "south",
              pair.publicKey());
      SealedKey sealed =
          new SealedKey("south", HpkeSuite.XWING, vector("xwing.enc"), vector("xwing.ciphertext"));

      assertThat(grant.dataset("orders", 1).info()).isEqualTo(vector("grant.info"));
      assertThat(Hpke.open(pair, grant.dataset("orders", 1), sealed)).isEqualTo(expected);
    }
  }

  @Test
  void resultVector_opens() {
    ByteArrayOutputStream opened = new ByteArrayOutputStream();
    try (HpkeKeyPair pair = HpkeKeyPair.of(HpkeSuite.X25519, key(0x41))) {
      long unused =
          SealedResultReader.open(
                  Channels.newChannel(
                      new ByteArrayInputStream(vector("result.file").toByteArray())))
              .copyTo("north", pair, Channels.newChannel(opened));
    }

    assertThat(ByteString.copyFrom(opened.toByteArray())).isEqualTo(vector("result.plaintext"));
  }

  @Test
  void logVectors_areWhatTheProductReads() throws Exception {
    VerifyingKey broker = new VerifyingKey(ProtocolVectors.publicKey(0x03));
    Witness north = Witness.of("north", new VerifyingKey(vector("signing.public")));

    SignedCheckpoint checkpoint = SignedCheckpoint.verify(vector("log.checkpoint"), broker);
    assertThat(checkpoint.head()).isEqualTo(new TreeHead(3, new Digest(vector("log.root"))));
    assertThat(north.cosignedAt(checkpoint)).contains(Instant.parse("2026-11-21T00:00:00Z"));

    InclusionProof proof = InclusionProof.parse(vector("log.proof_of_entry1"));
    assertThat(proof.entry()).isEqualTo(vector("log.entry1"));
    assertThat(proof.verify(broker).head()).isEqualTo(checkpoint.head());

    ByteString hashes = vector("log.consistency_1_to_3");
    assertThat(
            TreeProofs.consistent(
                new TreeHead(1, MerkleTree.leaf(vector("log.entry0"))),
                checkpoint.head(),
                List.of(
                    new Digest(hashes.substring(0, Digest.SIZE_BYTES)),
                    new Digest(hashes.substring(Digest.SIZE_BYTES)))))
        .isTrue();
    assertThat(LogEntry.parseFrom(vector("log.entry2")).getComparisonSha256())
        .isEqualTo(
            Digest.of(vector("log.comparison_salt").concat(vector("log.comparison"))).value());
  }

  @Test
  void page_namesEveryLabelAndPayloadType() {
    for (String name :
        List.of(
            Dsse.AGREEMENT_TYPE,
            Dsse.MEMBERSHIP_TYPE,
            Dsse.RECEIPT_TYPE,
            SimulatedEvidence.LABEL,
            "parley/v1/report-data",
            LaunchStatement.LABEL,
            "parley/v1/shim-measured",
            "parley/v1/app-measured",
            Bindings.GRANTED_KEY,
            Bindings.GRANTED_TO,
            Bindings.RESULT_KEY,
            Bindings.RESULT_RECIPIENT,
            "parley/v1/channel-key",
            "parley/v1/grant",
            "parley/v1/job-report",
            "parley/v1/broker-report-data",
            BrokerEvidence.SIMULATED_LABEL,
            "parley/v1/commitment-certificate",
            Checkpoint.origin(new VerifyingKey(ProtocolVectors.publicKey(0x03))).substring(0, 11),
            "parley.witness/",
            InclusionProof.FIRST_LINE,
            "PARLEYC",
            "PARLEYR1",
            "parley-manifest 1",
            "parley-invitation:")) {
      assertThat(text).contains("`" + name);
    }
  }

  private ByteString vector(String name) {
    assertThat(page).containsKey(name);
    return page.getOrDefault(name, ByteString.EMPTY);
  }

  /** In the block: a name, "=", hex digits; lines that begin with spaces go on. */
  private static Map<String, ByteString> parse(String text) {
    Map<String, StringBuilder> found = new LinkedHashMap<>();
    boolean inside = false;
    StringBuilder current = new StringBuilder();
    for (String line : text.lines().toList()) {
      if (line.startsWith("```")) {
        inside = line.equals("```vectors");
      } else if (inside && line.startsWith(" ")) {
        current.append(line.strip());
      } else if (inside && !line.isBlank()) {
        String[] parts = line.split("=", 2);
        current = new StringBuilder(parts[1].strip());
        assertThat(found.put(parts[0].strip(), current)).as(line).isNull();
      }
    }
    Map<String, ByteString> vectors = new LinkedHashMap<>();
    found.forEach((name, digits) -> vectors.put(name, hex(digits.toString())));
    return vectors;
  }

  private static String format(Map<String, ByteString> vectors) {
    StringBuilder block = new StringBuilder();
    vectors.forEach((name, value) -> {
      block.append(name).append(" =");
      String digits = SealFixtures.hex(value);
      if (digits.length() <= LINE_DIGITS) {
        block.append(' ').append(digits);
      } else {
        for (int i = 0; i < digits.length(); i += LINE_DIGITS) {
          block.append("\n  ").append(digits, i, Math.min(digits.length(), i + LINE_DIGITS));
        }
      }
      block.append('\n');
    });
    return block.toString();
  }
}
