package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.AzureVtpmClaims;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.FakeAuthority.Extra;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.azure.AzureVtpmParser;
import io.parley.broker.evidence.azure.AzureVtpmVerifier;
import io.parley.broker.evidence.azure.FakeAzure;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.broker.evidence.trust.KnownSignatures;
import io.parley.broker.evidence.trust.RevocationLists;
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

  /** What is left for it in an HCL report. */
  private static final int AZURE_DATA_BYTES = 1364;

  private static final KnownSignatures KNOWN = new KnownSignatures(100);
  private static final String AMD = "1.3.6.1.4.1.3704.1.";
  private static final List<String> EXTENSIONS =
      List.of("1", "2", "3.1", "3.2", "3.3", "3.8", "3.9", "4", "5");

  private SnpTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "sev-snp-report", scratch -> report(),
        "sev-snp-azure", scratch -> azure(),
        "azure-vtpm", scratch -> azureVtpm(),
        "azure-vtpm-data", scratch -> azureData(),
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
    FakeAzure azure = new FakeAzure(FakeAmd.vcek(SnpProduct.GENOA));
    return new FuzzTarget(
        List.of(azure.hcl(azure.data()).toByteArray()),
        SharedVectors.matching("(?i)hcl|azure|vtpm"),
        bytes -> {
          ByteString within = AzureHclReport.reportIn(ByteString.copyFrom(bytes));
          var unused = new SnpReportParser().parse(within);
          return true;
        });
  }

  private static FuzzTarget azureVtpm() {
    FakeAzure azure = new FakeAzure(FakeAmd.vcek(SnpProduct.GENOA));
    ByteString good = azure.evidence(REPORT_DATA);
    Set<AzureVtpmClaims> signed = Set.of(Verdicts.genuine(verify(azure, good)));
    return new FuzzTarget(
        List.of(good.toByteArray()),
        SharedVectors.matching("az-snp-vtpm/.*json$"),
        bytes -> Verdicts.isGenuine(verify(azure, ByteString.copyFrom(bytes)), signed));
  }

  /** Any data that a paravisor may write: the processor signs its digest. */
  private static FuzzTarget azureData() {
    FakeAzure azure = new FakeAzure(FakeAmd.vcek(SnpProduct.GENOA));
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    ByteString signature = azure.tpm.sign(attest);
    return new FuzzTarget(
        List.of(azure.data().getBytes(UTF_8)),
        bytes -> {
          String data = new String(bytes, UTF_8);
          if (data.getBytes(UTF_8).length > AZURE_DATA_BYTES) {
            return false;
          }
          ByteString evidence = azure.json(azure.hcl(data), attest, signature);
          return verify(azure, evidence) instanceof Verification.Genuine<AzureVtpmClaims>;
        });
  }

  private static Verification<AzureVtpmClaims> verify(FakeAzure azure, ByteString evidence) {
    return new AzureVtpmVerifier(new SnpVerifier(azure.amd.roots(), KNOWN))
        .verify(
            new AzureVtpmParser().parse(evidence),
            azure.amd.chain(),
            RevocationLists.NONE,
            new ExpectedReportData.Exactly(ByteString.copyFrom(REPORT_DATA)),
            FakeAuthority.NOW);
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
