package io.parley.broker.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.policy.platform.Comparison;
import io.parley.broker.policy.platform.PlatformCheck;
import io.parley.broker.policy.platform.PolicySource;
import io.parley.evidence.BrokerEvidence;
import io.parley.evidence.BrokerStatement;
import io.parley.evidence.Evidence;
import io.parley.identity.VerifyingKey;
import io.parley.proto.broker.v1.AppraiseBrokerRequest;
import io.parley.proto.broker.v1.AppraiseBrokerResponse;
import io.parley.proto.broker.v1.BrokerAccepted;
import io.parley.proto.broker.v1.BrokerRefused;
import io.parley.proto.broker.v1.BrokerUnchecked;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Judges evidence of a broker's own for one party: is it about the nonce that the party drew and
 * the two keys by which it knows the broker, did the platform's root sign it, and does it show what
 * the agreement demands? In that order; the first failure decides. Stateless.
 */
final class BrokerAppraiser {
  private static final Set<EvidenceKind> KINDS = Set.of(EvidenceKind.SEV_SNP, EvidenceKind.TDX);
  private static final int TABLE_LINES_MAX = 256;

  AppraiseBrokerResponse appraise(AppraiseBrokerRequest request) {
    try {
      BrokerEvidence evidence = BrokerEvidence.fromMessage(request.getEvidence());
      BrokerStatement expected = BrokerStatement.parse(request.getStatement());
      List<PlatformPolicy> policies =
          request.getPoliciesList().stream().map(PlatformCodec::fromMessage).toList();
      Instant at = StrictMessages.instant(request.getAt(), Reason.INVALID_REQUEST);
      BrokerRefused other = otherThanExpected(expected, evidence.statement());
      if (other != null) {
        return refused(other);
      }
      return appraise(evidence, expected, policies, at);
    } catch (RefusedException e) {
      return refused(
          difference(e.reason(), "evidence", String.valueOf(e.getMessage()), "well formed", "not"));
    }
  }

  private static AppraiseBrokerResponse appraise(
      BrokerEvidence evidence,
      BrokerStatement expected,
      List<PlatformPolicy> policies,
      Instant at) {
    Optional<PlatformPolicy> policy =
        policies.stream().filter(each -> each.kind().equals(evidence.kind())).findFirst();
    if (policy.isEmpty() && !policies.isEmpty()) {
      return refused(
          difference(
              Reason.EVIDENCE_KIND_NOT_ALLOWED,
              "kind",
              "the agreement demands another kind of evidence from the broker",
              policies.stream().map(PlatformPolicy::kind).collect(Collectors.joining(" or ")),
              evidence.kind()));
    }
    if (evidence.kind().equals(Evidence.SIMULATED)) {
      return simulated(evidence, expected);
    }
    EvidenceKind kind = EvidenceKind.parse(evidence.kind()).filter(KINDS::contains).orElse(null);
    return kind == null
        ? unchecked(
            Reason.EVIDENCE_KIND_NOT_ALLOWED,
            "this version judges evidence of a broker's own of the kinds sev-snp and tdx, not '%s'"
                .formatted(evidence.kind()))
        : platform(kind, evidence, expected, policy.orElse(null), at);
  }

  private static AppraiseBrokerResponse platform(
      EvidenceKind kind,
      BrokerEvidence evidence,
      BrokerStatement expected,
      @Nullable PlatformPolicy policy,
      Instant at) {
    ExpectedReportData reportData = new ExpectedReportData.Exactly(expected.reportData().value());
    Appraisal appraisal =
        new Appraiser(
                EvidenceFiles.of(evidence.report(), evidence.certificates(), evidence.collateral()),
                reportData,
                at)
            .appraise(
                kind, policy == null ? null : PlatformCheck.of(policy, PolicySource.AGREEMENT));
    Report report = new Report(kind, at, reportData, appraisal);
    AppraiseBrokerResponse.Builder response = outcome(appraisal, report);
    report.table().stream().limit(TABLE_LINES_MAX).forEach(response::addTable);
    return response.build();
  }

  private static AppraiseBrokerResponse.Builder outcome(Appraisal appraisal, Report report) {
    return switch (appraisal.verification()) {
      case Verification.Bad<?>(var reason, var claim, var advice, var expected, var seen) ->
          builder(difference(reason, claim, advice, expected, seen));
      case Verification.Unchecked<?>(var reason, var why) -> unchecked(reason, why).toBuilder();
      case Verification.Genuine<?> _ ->
          appraisal.comparisons().stream()
              .filter(Appraisal::differs)
              .findFirst()
              .map(first -> builder(difference(first)))
              .orElseGet(() -> accepted(report.json()));
    };
  }

  /** Nothing but that whoever answered has the broker's key. */
  private static AppraiseBrokerResponse simulated(
      BrokerEvidence evidence, BrokerStatement expected) {
    return new VerifyingKey(expected.brokerKey())
            .verify(BrokerEvidence.SIMULATED_LABEL, evidence.statement(), evidence.report())
        ? accepted("{\n  \"kind\" : \"simulated\"\n}").build()
        : refused(
            difference(
                Reason.EVIDENCE_SIGNATURE_WRONG,
                "report",
                "it is not signed by the broker's own key",
                "a signature by the broker",
                "another"));
  }

  /** The claim that makes it evidence about something else; null: it is about what was asked. */
  private static @Nullable BrokerRefused otherThanExpected(
      BrokerStatement expected, ByteString bytes) {
    BrokerStatement seen = BrokerStatement.parse(bytes);
    if (!seen.nonce().equals(expected.nonce())) {
      return statement(
          "nonce", "it was made for another question: a replay", expected.nonce(), seen.nonce());
    }
    if (!seen.brokerKey().equals(expected.brokerKey())) {
      return statement(
          "broker_key", "it is another broker's", expected.brokerKey(), seen.brokerKey());
    }
    return seen.tlsCertificate().equals(expected.tlsCertificate())
        ? null
        : statement(
            "tls_certificate_sha256",
            "the connection does not end in that broker: somebody is in between",
            expected.tlsCertificate().value(),
            seen.tlsCertificate().value());
  }

  private static BrokerRefused statement(
      String claim, String advice, ByteString expected, ByteString seen) {
    return difference(
        Reason.EVIDENCE_REPORT_DATA_WRONG, claim, advice, Hex.of(expected), Hex.of(seen));
  }

  private static BrokerRefused difference(Comparison comparison) {
    return difference(
        comparison.reason(),
        comparison.claim(),
        comparison.advice(),
        comparison.expected(),
        comparison.seen());
  }

  private static BrokerRefused difference(
      Reason reason, String claim, String advice, String expected, String seen) {
    return BrokerRefused.newBuilder()
        .setReason(reason.name())
        .setClaim(claim)
        .setAdvice(advice)
        .setExpected(expected)
        .setSeen(seen)
        .build();
  }

  private static AppraiseBrokerResponse refused(BrokerRefused why) {
    return builder(why).build();
  }

  private static AppraiseBrokerResponse.Builder builder(BrokerRefused why) {
    return AppraiseBrokerResponse.newBuilder().setRefused(why);
  }

  private static AppraiseBrokerResponse unchecked(Reason reason, String why) {
    return AppraiseBrokerResponse.newBuilder()
        .setUnchecked(BrokerUnchecked.newBuilder().setReason(reason.name()).setWhy(why))
        .build();
  }

  private static AppraiseBrokerResponse.Builder accepted(String claims) {
    return AppraiseBrokerResponse.newBuilder()
        .setAccepted(BrokerAccepted.newBuilder().setClaims(claims));
  }
}
