package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.TpmPolicy;
import java.time.Duration;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What a job is, once its agreement and its spec have been checked. Immutable.
 *
 * @param party the party that this node belongs to
 * @param specBytes exactly as they were sent: their digest binds keys
 */
record JobContext(
    String party, JobSpec spec, ByteString specBytes, SignedAgreement signed, Duration timeout) {

  String id() {
    return spec.jobId();
  }

  Agreement agreement() {
    return signed.agreement();
  }

  /** The parties whose nodes take part: enclaves, recipients, the submitter. */
  SortedSet<String> participants() {
    TreeSet<String> all = new TreeSet<>(agreement().enclaveParties());
    agreement().results().forEach(rule -> all.addAll(rule.recipients()));
    all.add(spec.submitter());
    return Collections.unmodifiableSortedSet(all);
  }

  boolean hasEnclave() {
    return agreement().enclaveParties().contains(party);
  }

  /** What the agreement wants of a TPM that vouches for an enclave; null where it accepts none. */
  @Nullable TpmPolicy tpmPolicy() {
    return agreement().environment().platforms().stream()
        .filter(TpmPolicy.class::isInstance)
        .map(TpmPolicy.class::cast)
        .findFirst()
        .orElse(null);
  }

  boolean computes() {
    return agreement().computes(party);
  }
}
