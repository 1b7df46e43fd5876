package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.FakeAuthority.Extra;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** SEV-SNP: reports, the envelope that Azure puts around one, certificates' extensions. */
final class SnpTargets {
  private static final byte[] REPORT_DATA = new byte[64];
  private static final int HCL_BYTES = 2600;
  private static final int HCL_HEADER_BYTES = 32;
  private static final int HCL_DATA_HEAD_BYTES = 20;
  private static final String AMD = "1.3.6.1.4.1.3704.1.";
  private static final List<String> EXTENSIONS =
      List.of("1", "2", "3.1", "3.2", "3.3", "3.8", "3.9", "4", "5");

  private SnpTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "sev-snp-report", scratch -> report(),
        "sev-snp-azure", scratch -> azure(),
        "sev-snp-certificate", scratch -> certificate());
  }

  private static FuzzTarget report() {
    FakeAmd amd = FakeAmd.vcek(SnpProduct.MILAN);
    ByteString good = amd.report(REPORT_DATA);
    Set<SnpClaims> signed = Set.of(Verdicts.genuine(verify(amd, good, amd.chain())));
    return new FuzzTarget(
        List.of(good.toByteArray()),
        SharedVectors.matching("(?i)snp|sev.*(attestation|report)"),
        bytes -> Verdicts.isGenuine(verify(amd, ByteString.copyFrom(bytes), amd.chain()), signed));
  }

  private static Verification<SnpClaims> verify(
      FakeAmd amd, ByteString report, List<X509Certificate> chain) {
    return new SnpVerifier(amd.roots())
        .verify(
            new SnpReportParser().parse(report),
            chain,
            RevocationLists.NONE,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
  }

  private static FuzzTarget azure() {
    byte[] data = "{\"keys\":[]}".getBytes(UTF_8);
    byte[] reportData = Arrays.copyOf(Digest.of(data).value().toByteArray(), REPORT_DATA.length);
    ByteString report = FakeAmd.vcek(SnpProduct.GENOA).report(reportData);
    int dataBytes = HCL_DATA_HEAD_BYTES + data.length;
    ByteBuffer good =
        ByteBuffer.allocate(HCL_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("HCLA".getBytes(UTF_8))
            .putInt(2)
            .putInt(HCL_HEADER_BYTES + report.size() + dataBytes)
            .putInt(2)
            .position(HCL_HEADER_BYTES)
            .put(report.toByteArray())
            .putInt(dataBytes)
            .putInt(1)
            .putInt(2)
            .putInt(1)
            .putInt(data.length)
            .put(data);
    return new FuzzTarget(
        List.of(good.array()),
        SharedVectors.matching("(?i)hcl|azure|vtpm"),
        bytes -> {
          ByteString within = AzureHclReport.reportIn(ByteString.copyFrom(bytes));
          var unused = new SnpReportParser().parse(within);
          return true;
        });
  }

  /** A chip's certificate that AMD signed, whatever stands in its extensions. */
  private static FuzzTarget certificate() {
    FakeAmd amd = FakeAmd.vcek(SnpProduct.MILAN);
    ByteString report = amd.report(REPORT_DATA);
    KeyPair keys = amd.leaf.keys();
    Set<SnpClaims> signed = Set.of(Verdicts.genuine(verify(amd, report, amd.chain())));
    return new FuzzTarget(
        List.of(packed(amd.leaf.certificate())),
        bytes -> {
          FakeAuthority leaf = amd.issuer.leaf("CN=SEV-VCEK", keys, unpacked(bytes));
          List<X509Certificate> chain = new ArrayList<>(amd.chain());
          chain.set(0, leaf.certificate());
          return Verdicts.isGenuine(verify(amd, report, chain), signed);
        });
  }

  /** For each extension one byte length and its value. */
  private static byte[] packed(X509Certificate certificate) {
    ByteString packed = ByteString.EMPTY;
    for (String oid : EXTENSIONS) {
      byte[] octets = certificate.getExtensionValue(AMD + oid);
      ByteString value = octets == null ? ByteString.EMPTY : inner(octets);
      packed = packed.concat(ByteString.copyFrom(new byte[] {(byte) value.size()})).concat(value);
    }
    return packed.toByteArray();
  }

  /** Without the header of the octet string, which is short here. */
  private static ByteString inner(byte[] octets) {
    return ByteString.copyFrom(octets, 2, octets.length - 2);
  }

  private static List<Extra> unpacked(byte[] bytes) {
    List<Extra> extras = new ArrayList<>();
    int at = 0;
    for (String oid : EXTENSIONS) {
      int length = at < bytes.length ? Math.min(bytes[at] & 0xff, bytes.length - at - 1) : 0;
      if (length > 0) {
        extras.add(new Extra(AMD + oid, Arrays.copyOfRange(bytes, at + 1, at + 1 + length)));
      }
      at += 1 + length;
    }
    return extras;
  }
}
