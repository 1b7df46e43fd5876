package io.parley.broker.bench;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.FakeEnclave;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.evidence.Evidence;
import io.parley.evidence.TpmDocument;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateCredentialResponse;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.wire.BugException;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One enclave that asks for its keys once, in three steps of which only {@link #challenge} and
 * {@link #request} are measured: {@link #answer} is the work of the enclave's own machine. One
 * thread at a time.
 */
final class Asker {
  private final String kind;
  private final FakeEnclave enclave;
  private final KeyServiceBlockingStub stub;
  private final Vendors vendors;
  private @Nullable CreateCredentialResponse credential;
  private @Nullable ByteString nonce;
  private @Nullable RequestKeysRequest request;
  private long nanos;

  Asker(String kind, FakeEnclave enclave, KeyServiceBlockingStub stub, Vendors vendors) {
    this.kind = kind;
    this.enclave = enclave;
    this.stub = stub;
    this.vendors = vendors;
  }

  /** Asks for the challenge, and before it for the credential where the kind has one. */
  void challenge() {
    long start = System.nanoTime();
    if (kind.equals(TpmPolicy.KIND)) {
      credential =
          stub.createCredential(
              CreateCredentialRequest.newBuilder()
                  .setJobId(enclave.facts().jobId())
                  .setParty(enclave.facts().party())
                  .addAllEkCertificates(FakeAuthority.der(vendors.tpm.chain()))
                  .addAllCollateral(vendors.tpmLists)
                  .setAkPublic(vendors.tpm.sizedArea())
                  .build());
    }
    nonce =
        stub.createChallenge(
                CreateChallengeRequest.newBuilder()
                    .setJobId(enclave.facts().jobId())
                    .setParty(enclave.facts().party())
                    .build())
            .getNonce();
    nanos += System.nanoTime() - start;
  }

  /** Has its hardware sign a report over the challenge. */
  void answer() {
    ByteString challenged = Objects.requireNonNull(nonce, "nonce");
    Evidence evidence =
        switch (kind) {
          case Evidence.SIMULATED -> enclave.evidence(challenged);
          case TpmPolicy.KIND ->
              enclave.evidence(
                  challenged,
                  kind,
                  statement ->
                      vendors.tpm.document(statement, enclave.facts().app(), activated()).encode());
          default ->
              enclave.evidence(challenged, kind, statement -> vendors.document(kind, statement));
        };
    request = RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build();
  }

  private TpmDocument.Credential.Answer activated() {
    CreateCredentialResponse given = Objects.requireNonNull(credential, "credential");
    return new TpmDocument.Credential.Answer(
        given.getCredentialId(),
        vendors.tpm.activate(given.getCredentialBlob(), given.getEncryptedSecret()));
  }

  /** Asks for the keys. */
  void request() {
    RequestKeysRequest ready = Objects.requireNonNull(request, "request");
    long start = System.nanoTime();
    RequestKeysResponse granted = stub.requestKeys(ready);
    nanos += System.nanoTime() - start;
    if (granted.getGrant().isEmpty()) {
      throw new BugException("a grant without keys");
    }
  }

  /** How long it waited for the broker, both steps together. */
  long nanos() {
    return nanos;
  }
}
