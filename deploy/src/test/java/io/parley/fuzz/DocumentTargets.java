package io.parley.fuzz;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.collateral.VendorFile;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.ReportData;
import io.parley.evidence.TpmDocument;
import io.parley.evidence.tsm.SnpCertificateTable;
import io.parley.identity.SigningKey;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.SignedNote;
import io.parley.tlog.TreeEdge;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What is around evidence, and what proves that something is in the log. */
final class DocumentTargets {
  private static final LaunchStatement LAUNCH =
      new LaunchStatement(
          ReportData.of(ByteString.copyFromUtf8("claims")), FuzzSamples.SHIM, "bwrap");

  private DocumentTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    Map<String, Function<Path, FuzzTarget>> all = new HashMap<>();
    all.put(
        "launch-statement",
        scratch ->
            MessageTargets.oneForm(
                LAUNCH.encode(), bytes -> LaunchStatement.parse(bytes).encode()));
    all.put(
        "hardware-document",
        scratch ->
            MessageTargets.oneForm(
                FakeAmd.vcek(SnpProduct.MILAN).document(LAUNCH),
                bytes -> HardwareDocument.parse(bytes).encode()));
    all.put(
        "tpm-document",
        scratch ->
            MessageTargets.oneForm(tpm().encode(), bytes -> TpmDocument.parse(bytes).encode()));
    all.put(
        "broker-statement",
        scratch ->
            MessageTargets.oneForm(
                new BrokerStatement(bytes(32), bytes(32), new Digest(bytes(32))).encode(),
                bytes -> BrokerStatement.parse(bytes).encode()));
    all.put("snp-certificate-table", scratch -> certificateTable());
    all.put("vendor-file", DocumentTargets::vendorFile);
    all.put(
        "signed-note",
        scratch ->
            MessageTargets.oneForm(
                proof().checkpoint().encode(), bytes -> SignedNote.parse(bytes).encode()));
    all.put(
        "inclusion-proof",
        scratch ->
            MessageTargets.oneForm(
                proof().encode(), bytes -> InclusionProof.parse(bytes).encode()));
    return all;
  }

  private static ByteString bytes(int size) {
    return ByteString.copyFrom(new byte[size]);
  }

  private static TpmDocument tpm() {
    FakeTpm tpm = FakeTpm.ecc();
    ByteString quote = FakeTpm.attest(LAUNCH.platformData().toByteArray());
    List<MeasuredEvent> events =
        List.of(MeasuredEvent.ofShim(LAUNCH.shim(), "bwrap"), MeasuredEvent.ofApp(null));
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>(MeasuredEvent.replay(events));
    return new TpmDocument(
        LAUNCH,
        tpm.area(),
        quote,
        tpm.sign(quote),
        pcrs,
        events,
        new TpmDocument.Credential.Answer(bytes(32), bytes(32)));
  }

  private static FuzzTarget certificateTable() {
    return new FuzzTarget(
        List.of(FakeAmd.vcek(SnpProduct.MILAN).certificateTable().toByteArray()),
        bytes -> {
          var unused = SnpCertificateTable.parse(ByteString.copyFrom(bytes));
          return true;
        });
  }

  /** Each form that vendors publish; what is none of them is raw, so nothing is refused but PEM. */
  private static FuzzTarget vendorFile(Path scratch) {
    Path file = scratch.resolve("file");
    return new FuzzTarget(
        List.of(
            text("0x00ff10"),
            text("\ufeff0X00 ff10"),
            text("Head: -----BEGIN%20CERTIFICATE-----%0AAAEC%0A-----END%20CERTIFICATE-----%0A\r\n"),
            FakeAmd.vcek(SnpProduct.MILAN).certificateTable().toByteArray(),
            text("AAECAwQFBgcICQ==\n"),
            text("-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"),
            new byte[] {1, 2, 3}),
        bytes -> {
          Files.write(file, bytes);
          try {
            var unused = VendorFile.blocks(file);
            unused = List.of(VendorFile.bytes(file));
            return true;
          } catch (IOException e) {
            return false;
          }
        });
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** Of the second of two entries. */
  private static InclusionProof proof() {
    ByteString entry = ByteString.copyFromUtf8("entry");
    Digest first = MerkleTree.leaf(ByteString.copyFromUtf8("first"));
    TreeEdge tree = TreeEdge.EMPTY.append(first).append(MerkleTree.leaf(entry));
    try (SigningKey broker = SigningKey.generate(FuzzSamples.RANDOM)) {
      return new InclusionProof(
          entry,
          1,
          List.of(first),
          SignedNote.parse(SignedCheckpoint.sign(tree.head(), broker).encode()));
    }
  }
}
