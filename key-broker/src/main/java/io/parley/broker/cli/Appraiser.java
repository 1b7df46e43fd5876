package io.parley.broker.cli;

import io.parley.broker.evidence.AzureVtpmClaims;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.PlatformClaims;
import io.parley.broker.evidence.SgxClaims;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.azure.AzureVtpmParser;
import io.parley.broker.evidence.azure.AzureVtpmVerifier;
import io.parley.broker.evidence.nitro.NitroDocumentParser;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.sevsnp.AzureHclReport;
import io.parley.broker.evidence.sevsnp.SnpReportParser;
import io.parley.broker.evidence.sevsnp.SnpVerifier;
import io.parley.broker.evidence.tdx.SgxQuoteParser;
import io.parley.broker.evidence.tdx.SgxVerifier;
import io.parley.broker.evidence.tdx.TdxCollateral;
import io.parley.broker.evidence.tdx.TdxCollateralParser;
import io.parley.broker.evidence.tdx.TdxQuoteParser;
import io.parley.broker.evidence.tdx.TdxVerifier;
import io.parley.broker.evidence.tpm2.TpmAnchor;
import io.parley.broker.evidence.tpm2.TpmEvidenceParser;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.tpm2.TpmQuote;
import io.parley.broker.evidence.tpm2.TpmToolsParser;
import io.parley.broker.evidence.tpm2.TpmVerifier;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.broker.policy.platform.Comparison;
import io.parley.broker.policy.platform.NitroCheck;
import io.parley.broker.policy.platform.PlatformCheck;
import io.parley.broker.policy.platform.SgxCheck;
import io.parley.broker.policy.platform.SnpCheck;
import io.parley.broker.policy.platform.TdxCheck;
import io.parley.broker.policy.platform.TpmCheck;
import io.parley.wire.Reason;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Parses, verifies and compares evidence of every kind. */
final class Appraiser {
  /** Why nothing that hangs on an agreement is compared. */
  static final String NO_POLICY = "no --policy was given";

  private static final String NO_REGISTERS = "no policy is about the registers of such a TPM";
  private static final String INTELS = "Intel's TCB info, QE identity or revocation lists";
  private static final String AMDS_LIST = "AMD's revocation list";

  private final EvidenceFiles files;
  private final ExpectedReportData reportData;
  private final Instant at;

  Appraiser(EvidenceFiles files, ExpectedReportData reportData, Instant at) {
    this.files = files;
    this.reportData = reportData;
    this.at = at;
  }

  /**
   * Appraises.
   *
   * @param policy of this kind; null for what holds under any policy
   * @throws io.parley.wire.RefusedException when the evidence cannot be read
   */
  Appraisal appraise(EvidenceKind kind, @Nullable PlatformCheck policy) {
    return switch (kind) {
      case SEV_SNP -> snp(policy instanceof SnpCheck snp ? snp : SnpCheck.genuineOnly(NO_POLICY));
      case TDX -> tdx(policy);
      case NITRO ->
          nitro(policy instanceof NitroCheck nitro ? nitro : NitroCheck.genuineOnly(NO_POLICY));
      case AZURE_VTPM ->
          azure(policy instanceof SnpCheck snp ? snp : SnpCheck.genuineOnly(NO_POLICY));
      case SGX -> sgx();
      case TPM2 -> tpm(policy instanceof TpmCheck tpm ? tpm : TpmCheck.genuineOnly(NO_POLICY));
    };
  }

  private Appraisal snp(SnpCheck policy) {
    if (files.collateralGiven() && files.lists().isEmpty()) {
      return notCollateral(AMDS_LIST);
    }
    Verification<SnpClaims> verification =
        new SnpVerifier(policy.roots())
            .verify(
                new SnpReportParser().parse(AzureHclReport.reportIn(files.evidence())),
                files.certificates(),
                new RevocationLists(files.lists()),
                reportData,
                at);
    return appraisal(verification, policy::compare);
  }

  /** The policy is about the report; registers are shown, and nobody compares them. */
  private Appraisal azure(SnpCheck policy) {
    if (files.collateralGiven() && files.lists().isEmpty()) {
      return notCollateral(AMDS_LIST);
    }
    Verification<AzureVtpmClaims> verification =
        new AzureVtpmVerifier(new SnpVerifier(policy.roots()))
            .verify(
                new AzureVtpmParser().parse(files.evidence()),
                files.certificates(),
                new RevocationLists(files.lists()),
                reportData,
                at);
    TpmCheck registers = TpmCheck.genuineOnly(NO_REGISTERS);
    return appraisal(
        verification,
        claims ->
            Stream.concat(
                    policy.compare(claims.report()).stream(),
                    registers.compare(claims.quote()).stream())
                .toList());
  }

  private Appraisal nitro(NitroCheck policy) {
    Verification<NitroClaims> verification =
        new NitroVerifier(policy.roots())
            .verify(new NitroDocumentParser().parse(files.evidence()), reportData, at);
    return appraisal(verification, policy::compare);
  }

  private Appraisal tdx(@Nullable PlatformCheck wanted) {
    TdxCollateral collateral = intels();
    if (files.collateralGiven() && collateral.isEmpty()) {
      return notCollateral(INTELS);
    }
    TdxCheck policy =
        wanted instanceof TdxCheck tdx
            ? tdx
            : TdxCheck.genuineOnly(NO_POLICY, !collateral.isEmpty());
    Verification<TdxClaims> verification =
        new TdxVerifier(policy.roots())
            .verify(
                new TdxQuoteParser().parse(TdxQuoteParser.withoutRemark(files.evidence())),
                collateral,
                reportData,
                at);
    return appraisal(verification, policy::compare);
  }

  private Appraisal sgx() {
    TdxCollateral collateral = intels();
    if (files.collateralGiven() && collateral.isEmpty()) {
      return notCollateral(INTELS);
    }
    Verification<SgxClaims> verification =
        new SgxVerifier(Set.of(TdxVerifier.INTEL))
            .verify(new SgxQuoteParser().parse(files.evidence()), collateral, reportData, at);
    return appraisal(verification, claims -> SgxCheck.compare(claims, !collateral.isEmpty()));
  }

  private TdxCollateral intels() {
    TdxCollateralParser parser = new TdxCollateralParser();
    files.json().forEach(parser::json);
    files.lists().forEach(parser::list);
    parser.certificates(files.certificates());
    return parser.collateral();
  }

  /** The activation of a credential needs the TPM: offline a key can only be trusted by name. */
  private Appraisal tpm(TpmCheck policy) {
    TpmQuote quote = quote();
    TpmKey key = quote.key();
    TpmAnchor anchor =
        key == null || policy.attestationKeys().isEmpty()
            ? new TpmAnchor.None()
            : new TpmAnchor.PinnedKey(
                policy.attestationKeys().contains(key.fingerprint())
                    ? key.fingerprint()
                    : policy.attestationKeys().getFirst());
    Verification<TpmClaims> verification = new TpmVerifier().verify(quote, anchor, reportData);
    return appraisal(verification, policy::compare);
  }

  private TpmQuote quote() {
    QuoteParts parts = files.parts();
    return parts == null
        ? new TpmEvidenceParser().parse(files.evidence())
        : new TpmToolsParser()
            .parse(files.evidence(), parts.signature(), parts.pcrs(), parts.key());
  }

  /** Who gives collateral wants it to count. */
  private static Appraisal notCollateral(String what) {
    return new Appraisal(
        new Verification.Unchecked<>(
            Reason.EVIDENCE_COLLATERAL_MISSING, "the collateral files hold none of " + what),
        List.of());
  }

  private static <T extends PlatformClaims> Appraisal appraisal(
      Verification<T> verification, Function<T, List<Comparison>> policy) {
    return new Appraisal(
        verification,
        verification instanceof Verification.Genuine<T>(T claims)
            ? policy.apply(claims)
            : List.of());
  }
}
