package io.parley.shim.attest;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.wire.Digest;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Who this enclave is, for one job: everything that its claims say but the nonce.
 *
 * @param app digest of the app as measured, whatever the agreement says; null where the party does
 *     not compute
 * @param tests outcomes of the environment tests
 */
public record Enclave(
    SignedAgreement signed,
    JobSpec spec,
    Digest job,
    String party,
    @Nullable Digest app,
    SortedMap<String, String> tests,
    EnclaveKeys keys) {

  public Agreement agreement() {
    return signed.agreement();
  }

  public boolean computes() {
    return agreement().computes(party);
  }

  Claims claims(ByteString nonce) {
    return new Claims(
        nonce,
        keys.receive().publicKey(),
        keys.signing().verifyingKey().value(),
        signed.digest(),
        party,
        spec.jobId(),
        job,
        app,
        tests);
  }
}
