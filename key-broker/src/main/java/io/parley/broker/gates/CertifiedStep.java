package io.parley.broker.gates;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainStep;
import io.parley.agreement.Gate;
import io.parley.agreement.StepIdentity;
import io.parley.wire.Digest;
import java.util.Optional;

/**
 * All that must be the same for a certificate to count: whose gate it was, by name and key; what
 * ran; and what its enclave had to keep to, so that one that passed where less is asked of an
 * enclave is worth nothing where more is.
 *
 * @param ownerKey the owner's signing key
 * @param identity digest of what the step does
 * @param environment digest of the agreement's environment
 */
record CertifiedStep(String owner, ByteString ownerKey, Digest identity, Digest environment) {
  /**
   * Of a gate, where it can be certified: of a step that does the same in every job. One whose
   * parameters jobs set is another each time, so it passes its gate each time.
   */
  static Optional<CertifiedStep> of(Agreement agreement, Gate gate) {
    Chain chain = agreement.chain();
    if (chain == null || !gate.ofStep()) {
      return Optional.empty();
    }
    ChainStep step = chain.step(gate.step());
    if (!StepIdentity.isFixed(step, agreement)) {
      return Optional.empty();
    }
    return Optional.of(
        new CertifiedStep(
            gate.owner(),
            agreement.party(gate.owner()).signingKey().value(),
            StepIdentity.of(step, chain, agreement),
            agreement.environment().digest()));
  }
}
