package io.parley.fuzz;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dsse;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.SigningKey;
import io.parley.peer.cli.LoggedReceipt;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.broker.v1.ReceiptFile;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.SignedNote;
import io.parley.tlog.TreeEdge;
import io.parley.wire.Digest;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** Files of receipts, which whoever was not there may be handed by anybody. */
final class ReceiptTargets {
  private ReceiptTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of("receipt-file", scratch -> receiptFile());
  }

  /** Nothing but the one receipt that this broker signed and logged is taken, in one form. */
  private static FuzzTarget receiptFile() {
    FuzzSamples samples = new FuzzSamples();
    Receipt receipt = receipt(samples.signed());
    return new FuzzTarget(
        List.of(file(samples, receipt).toByteArray()),
        bytes -> {
          LoggedReceipt read = LoggedReceipt.read(ByteString.copyFrom(bytes));
          if (!read.file()
              .getBrokerKey()
              .equals(samples.broker.signingKey().verifyingKey().value())) {
            // Good, and of an earlier run: a corpus outlives the keys, which are new in each.
            return true;
          }
          if (!read.receipt().equals(receipt)
              || !read.file().toByteString().equals(ByteString.copyFrom(bytes))) {
            throw new AssertionError("another receipt was taken");
          }
          return true;
        });
  }

  private static Receipt receipt(SignedAgreement agreement) {
    return Receipt.newBuilder()
        .setJobId("00112233445566778899aabbccddeeff")
        .setAgreementSha256(agreement.digest().value())
        .setJobSha256(Digest.of(new byte[] {3}).value())
        .setComputedAt("payments")
        .setJobsStarted(1)
        .setMaxJobs(1000)
        .build();
  }

  private static ReceiptFile file(FuzzSamples samples, Receipt receipt) {
    ByteString payload = receipt.toByteString();
    SigningKey broker = samples.broker.signingKey();
    DsseEnvelope envelope =
        new DsseEnvelope(
            Dsse.RECEIPT_TYPE,
            payload,
            List.of(Dsse.sign(Dsse.RECEIPT_TYPE, payload, "broker", broker)));
    return ReceiptFile.newBuilder()
        .setReceipt(envelope.toProto())
        .setProof(proof(receipt, broker).encode())
        .setAgreement(samples.signed().envelope().toProto())
        .setBrokerKey(broker.verifyingKey().value())
        .build();
  }

  /** As the second of two entries. */
  private static InclusionProof proof(Receipt receipt, SigningKey broker) {
    ByteString entry =
        LogEntry.newBuilder()
            .setDecision(
                Decision.newBuilder()
                    .setIndex(1)
                    .setAction("receipt")
                    .setParty(receipt.getComputedAt())
                    .setJobId(receipt.getJobId())
                    .setAgreementSha256(receipt.getAgreementSha256())
                    .setSubjectSha256(Digest.of(receipt.toByteString()).value()))
            .build()
            .toByteString();
    Digest first = MerkleTree.leaf(ByteString.copyFromUtf8("first"));
    TreeEdge tree = TreeEdge.EMPTY.append(first).append(MerkleTree.leaf(entry));
    return new InclusionProof(
        entry,
        1,
        List.of(first),
        SignedNote.parse(SignedCheckpoint.sign(tree.head(), broker).encode()));
  }
}
