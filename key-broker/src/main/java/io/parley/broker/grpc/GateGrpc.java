package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.Gate;
import io.parley.broker.gates.Certificate;
import io.parley.broker.gates.ListedSet;
import io.parley.broker.gates.VerificationSets;
import io.parley.gate.SignedGateKey;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AddVerificationSetRequest;
import io.parley.proto.broker.v1.AddVerificationSetResponse;
import io.parley.proto.broker.v1.GateServiceGrpc;
import io.parley.proto.broker.v1.GetGateKeyRequest;
import io.parley.proto.broker.v1.GetGateKeyResponse;
import io.parley.proto.broker.v1.ListVerificationSetsRequest;
import io.parley.proto.broker.v1.ListVerificationSetsResponse;
import io.parley.proto.broker.v1.RemoveVerificationSetRequest;
import io.parley.proto.broker.v1.RemoveVerificationSetResponse;
import io.parley.proto.broker.v1.StepCertificate;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.seal.SealedBytes;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;

/** GateService. Changing takes an operator, listing any role. */
public final class GateGrpc extends GateServiceGrpc.GateServiceImplBase {
  private final VerificationSets sets;
  private final SignedGateKey key;

  public GateGrpc(VerificationSets sets, SignedGateKey key) {
    this.sets = sets;
    this.key = key;
  }

  @Override
  public void getGateKey(GetGateKeyRequest request, StreamObserver<GetGateKeyResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetGateKeyResponse.newBuilder()
                .setKey(key.key())
                .setSignature(key.signature())
                .setBrokerKey(key.brokerKey())
                .build());
  }

  @Override
  public void addVerificationSet(
      AddVerificationSetRequest request, StreamObserver<AddVerificationSetResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller -> {
          StrictMessages.refuseUnknown(request, Reason.INVALID_REQUEST, "verification set");
          return AddVerificationSetResponse.newBuilder()
              .setSet(
                  set(
                      sets.add(
                          caller,
                          Fields.digest("agreement_sha256", request.getAgreementSha256()),
                          SealedBytes.fromMessage(request.getSealed()))))
              .build();
        });
  }

  @Override
  public void listVerificationSets(
      ListVerificationSetsRequest request, StreamObserver<ListVerificationSetsResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          Digest agreement = Fields.digest("agreement_sha256", request.getAgreementSha256());
          return ListVerificationSetsResponse.newBuilder()
              .addAllSets(sets.list(caller, agreement).stream().map(GateGrpc::set).toList())
              .addAllCertificates(
                  sets.certificates(caller, agreement).entrySet().stream()
                      .map(own -> certificate(own.getKey(), own.getValue()))
                      .toList())
              .build();
        });
  }

  @Override
  public void removeVerificationSet(
      RemoveVerificationSetRequest request,
      StreamObserver<RemoveVerificationSetResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            RemoveVerificationSetResponse.newBuilder()
                .setSet(
                    set(
                        sets.remove(
                            caller,
                            Fields.digest("agreement_sha256", request.getAgreementSha256()),
                            Fields.digest("set_sha256", request.getSetSha256()))))
                .build());
  }

  private static StepCertificate certificate(Gate gate, Certificate certificate) {
    return StepCertificate.newBuilder()
        .setStep(gate.step())
        .setIdentitySha256(certificate.identity().value())
        .setJobId(certificate.jobId())
        .setIssuedAt(Fields.timestamp(certificate.issuedAt()))
        .setExpiresAt(Fields.timestamp(certificate.expiresAt()))
        .build();
  }

  private static StoredVerificationSet set(ListedSet set) {
    return StoredVerificationSet.newBuilder()
        .setSetSha256(set.digest().value())
        .setName(set.name())
        .setStep(set.step())
        .setAddedAt(Fields.timestamp(set.addedAt()))
        .setSizeBytes(set.sizeBytes())
        .setDrawn(set.drawn())
        .setPassed(set.passed())
        .setFailed(set.failed())
        .build();
  }
}
