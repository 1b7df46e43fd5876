package io.parley.broker.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.azure.AzureVtpmParser;
import io.parley.broker.evidence.azure.FakeAzure;
import io.parley.broker.evidence.nitro.FakeAws;
import io.parley.broker.evidence.nitro.NitroDocumentParser;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.broker.evidence.tdx.SgxQuoteParser;
import io.parley.broker.evidence.tdx.TdxCollateralParser;
import io.parley.broker.evidence.tdx.TdxQuoteParser;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.broker.evidence.tpm2.TpmEvidenceParser;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.tpm2.TpmQuoteParser;
import io.parley.broker.evidence.trust.Certificates;
import io.parley.wire.RefusedException;
import java.security.cert.CRLException;
import java.security.cert.CertificateEncodingException;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * Every parser over spoiled samples and plain noise: it reads them or says RefusedException, and
 * nothing else. The seed is fixed, so that a failure can be run again.
 */
final class ParserNoiseTest {
  private static final long SEED = 20_261_121;
  private static final int ROUNDS = 4_000;
  private static final byte[] REPORT_DATA = new byte[64];

  private record Target(String name, List<ByteString> samples, Consumer<ByteString> parser) {}

  @TestFactory
  Stream<DynamicTest> parsersAreNotSurprised() throws CertificateEncodingException, CRLException {
    FakeAmd amd = FakeAmd.vcek(SnpProduct.TURIN);
    FakeAzure azure = new FakeAzure(amd);
    FakeIntel intel = new FakeIntel();
    FakeTpm tpm = FakeTpm.rsa();
    ByteString attest = FakeTpm.attest(REPORT_DATA);
    ByteString signature = tpm.sign(attest);
    ByteString certificate = ByteString.copyFrom(amd.leaf.certificate().getEncoded());
    ByteString list =
        ByteString.copyFrom(
            amd.root
                .revoking(FakeAuthority.FROM, FakeAuthority.TO, amd.issuer.certificate())
                .getEncoded());
    return Stream.of(
            new Target(
                "SEV-SNP report",
                List.of(amd.report(REPORT_DATA)),
                bytes -> new SnpReportParser().parse(bytes)),
            new Target(
                "HCL report",
                List.of(azure.hcl(azure.data())),
                bytes -> assertThat(AzureHclReport.reportIn(bytes)).isNotNull()),
            new Target(
                "Azure vTPM evidence",
                List.of(azure.evidence(REPORT_DATA)),
                bytes -> new AzureVtpmParser().parse(bytes)),
            new Target(
                "TDX quote",
                List.of(intel.quote(4, REPORT_DATA), intel.quote(5, REPORT_DATA)),
                bytes -> new TdxQuoteParser().parse(TdxQuoteParser.withoutRemark(bytes))),
            new Target(
                "SGX quote",
                List.of(intel.sgxQuote(intel.sgxReport(REPORT_DATA))),
                bytes -> new SgxQuoteParser().parse(bytes)),
            new Target(
                "TDX collateral",
                List.of(
                    answer("tcbInfo", intel.tcbInfo()),
                    answer("enclaveIdentity", intel.qeIdentity()),
                    ByteString.copyFromUtf8("{\"tcb_info\":\"{}\",\"tcb_info_signature\":\"\"}")),
                bytes -> new TdxCollateralParser().json(bytes)),
            new Target(
                "Nitro document",
                List.of(new FakeAws().document(REPORT_DATA)),
                bytes -> new NitroDocumentParser().parse(bytes)),
            new Target(
                "TPM quote",
                List.of(attest),
                bytes -> new TpmQuoteParser().parse(bytes, signature, FakeTpm.pcrs(), null)),
            new Target(
                "TPM signature",
                List.of(signature, FakeTpm.ecc().sign(attest)),
                bytes -> new TpmQuoteParser().parse(attest, bytes, FakeTpm.pcrs(), null)),
            new Target("TPM key", List.of(tpm.area(), FakeTpm.ecc().area()), TpmKey::parse),
            new Target(
                "TPM evidence",
                List.of(
                    ByteString.copyFromUtf8(
                        "{\"tpm_quote\":{\"message\":\"ff\",\"signature\":\"AA==\",\"pcrs\":[]}}")),
                bytes -> new TpmEvidenceParser().parse(bytes)),
            new Target(
                "certificate",
                List.of(certificate),
                bytes -> assertThat(Certificates.parse("test", bytes)).isNotNull()),
            new Target(
                "revocation list",
                List.of(list),
                bytes ->
                    assertThat(
                            Certificates.isCrl(bytes)
                                ? Certificates.parseCrl("test", bytes)
                                : bytes)
                        .isNotNull()))
        .map(target -> DynamicTest.dynamicTest(target.name(), () -> run(target)));
  }

  private static void run(Target target) {
    Random random = new Random(SEED);
    for (int round = 0; round < ROUNDS; round++) {
      ByteString sample = target.samples().get(random.nextInt(target.samples().size()));
      ByteString bytes = spoiled(sample, random);
      try {
        target.parser().accept(bytes);
      } catch (RefusedException _) {
        // The only thing that a parser may say.
      } catch (RuntimeException | StackOverflowError e) {
        throw new AssertionError("%s, round %d".formatted(target.name(), round), e);
      }
    }
  }

  /** Changes some bytes, takes some out, doubles some, or makes up all of them. */
  private static ByteString spoiled(ByteString sample, Random random) {
    int at = random.nextInt(sample.size());
    int to = at + random.nextInt(Math.min(64, sample.size() - at) + 1);
    return switch (random.nextInt(4)) {
      case 0 -> sample.substring(0, at).concat(sample.substring(to));
      case 1 -> sample.substring(0, to).concat(sample.substring(at));
      case 2 -> {
        byte[] noise = new byte[random.nextInt(2048)];
        random.nextBytes(noise);
        yield sample.substring(0, Math.min(8, sample.size())).concat(ByteString.copyFrom(noise));
      }
      default -> {
        byte[] changed = sample.toByteArray();
        for (int i = random.nextInt(8); i >= 0; i--) {
          changed[random.nextInt(changed.length)] = (byte) random.nextInt(256);
        }
        yield ByteString.copyFrom(changed);
      }
    };
  }

  private static ByteString answer(String key, String text) {
    return ByteString.copyFromUtf8(
        "{\"%s\":%s,\"signature\":\"%s\"}".formatted(key, text, "00".repeat(64)));
  }
}
