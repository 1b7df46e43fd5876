package io.parley.shim.attest;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.evidence.Claims;
import io.parley.gate.GateOutcome;
import io.parley.wire.Digest;
import java.util.Collection;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/**
 * Who this enclave is, for one job: everything that its claims say but the nonce.
 *
 * @param app digest of the app as measured, whatever the agreement says; null where the party does
 *     not compute
 * @param tests outcomes of the environment tests
 * @param gates how verification gates ended, in the order of their owners and steps
 */
public record Enclave(
    SignedAgreement signed,
    JobSpec spec,
    Digest job,
    String party,
    @Nullable Digest app,
    SortedMap<String, String> tests,
    EnclaveKeys keys,
    List<GateOutcome> gates) {

  /** That has been through no gate. */
  public Enclave(
      SignedAgreement signed,
      JobSpec spec,
      Digest job,
      String party,
      @Nullable Digest app,
      SortedMap<String, String> tests,
      EnclaveKeys keys) {
    this(signed, spec, job, party, app, tests, keys, List.of());
  }

  public Enclave {
    gates = List.copyOf(gates);
  }

  /** The same, which has been through these gates. */
  public Enclave through(Collection<GateOutcome> outcomes) {
    return new Enclave(signed, spec, job, party, app, tests, keys, List.copyOf(outcomes));
  }

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
        tests,
        gates);
  }
}
