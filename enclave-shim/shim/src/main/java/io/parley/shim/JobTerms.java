package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.shim.host.JobOrder;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;

/**
 * What the host ordered, found to be a job of an agreement that every party signed.
 *
 * @param job digest of the spec's exact bytes
 */
record JobTerms(SignedAgreement signed, JobSpec spec, Digest job, String party) {
  /**
   * Checks everything that can be checked without the broker.
   *
   * @throws RefusedException INVALID_SIGNATURE, INVALID_AGREEMENT, INVALID_PARAMETER and so on
   */
  static JobTerms of(JobOrder order) {
    SignedAgreement signed = SignedAgreement.fromEnvelope(order.agreement()).requireComplete();
    ByteString specBytes = order.jobSpec();
    JobSpec spec = JobSpec.decode(specBytes);
    spec.check(signed);
    Agreement agreement = signed.agreement();
    if (!agreement.enclaveParties().contains(order.party())) {
      throw new RefusedException(
          Reason.NOT_A_PARTY,
          "'%s' has no enclave under agreement '%s'".formatted(order.party(), agreement.name()),
          Map.of("party", order.party(), "agreement", agreement.name()));
    }
    if (!agreement.environment().evidence().contains(order.evidenceKind())) {
      throw new RefusedException(
          Reason.EVIDENCE_KIND_NOT_ALLOWED,
          "the host gives evidence of kind '%s'; the agreement allows %s"
              .formatted(order.evidenceKind(), agreement.environment().evidence()),
          Map.of("seen", order.evidenceKind()));
    }
    return new JobTerms(signed, spec, Digest.of(specBytes), order.party());
  }

  Agreement agreement() {
    return signed.agreement();
  }

  boolean computes() {
    return agreement().computes(party);
  }
}
