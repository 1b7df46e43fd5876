package io.parley.broker.grpc;

import io.grpc.stub.StreamObserver;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.agreements.Agreements;
import io.parley.broker.agreements.Halts;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.GetAgreementResponse;
import io.parley.proto.broker.v1.HaltAgreementRequest;
import io.parley.proto.broker.v1.HaltAgreementResponse;
import io.parley.proto.broker.v1.ListAgreementsRequest;
import io.parley.proto.broker.v1.ListAgreementsResponse;
import io.parley.proto.broker.v1.ProposeAgreementRequest;
import io.parley.proto.broker.v1.ProposeAgreementResponse;
import io.parley.proto.broker.v1.ResumeAgreementRequest;
import io.parley.proto.broker.v1.ResumeAgreementResponse;
import io.parley.proto.broker.v1.SignAgreementRequest;
import io.parley.proto.broker.v1.SignAgreementResponse;

/** AgreementService. Reading takes any role; changing takes an operator. */
public final class AgreementGrpc extends AgreementServiceGrpc.AgreementServiceImplBase {
  private final Agreements agreements;
  private final Halts halts;
  private final AgreementMessages messages;

  public AgreementGrpc(Agreements agreements, Halts halts, AgreementMessages messages) {
    this.agreements = agreements;
    this.halts = halts;
    this.messages = messages;
  }

  @Override
  public void proposeAgreement(
      ProposeAgreementRequest request, StreamObserver<ProposeAgreementResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            ProposeAgreementResponse.newBuilder()
                .setAgreement(
                    messages.of(
                        agreements.propose(
                            caller,
                            SignedAgreement.fromEnvelope(
                                DsseEnvelope.fromProto(request.getEnvelope())),
                            request.getValidateOnly())))
                .build());
  }

  @Override
  public void signAgreement(
      SignAgreementRequest request, StreamObserver<SignAgreementResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            SignAgreementResponse.newBuilder()
                .setAgreement(
                    messages.of(
                        agreements.sign(
                            caller,
                            Fields.digest("agreement_sha256", request.getAgreementSha256()),
                            new DsseSignature(
                                request.getSignature().getKeyid(),
                                request.getSignature().getSig()))))
                .build());
  }

  @Override
  public void getAgreement(
      GetAgreementRequest request, StreamObserver<GetAgreementResponse> responses) {
    Answers.toAny(
        responses,
        caller ->
            GetAgreementResponse.newBuilder()
                .setAgreement(
                    messages.of(
                        agreements.get(
                            caller,
                            Fields.digest("agreement_sha256", request.getAgreementSha256()))))
                .build());
  }

  @Override
  public void listAgreements(
      ListAgreementsRequest request, StreamObserver<ListAgreementsResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          Agreements.Page page =
              agreements.list(
                  caller,
                  Fields.pageToken(request.getPageToken()),
                  Fields.pageSize(request.getPageSize()));
          return ListAgreementsResponse.newBuilder()
              .addAllAgreements(page.agreements().stream().map(messages::of).toList())
              .setNextPageToken(Fields.pageToken(page.next()))
              .build();
        });
  }

  @Override
  public void haltAgreement(
      HaltAgreementRequest request, StreamObserver<HaltAgreementResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            HaltAgreementResponse.newBuilder()
                .setAgreement(
                    messages.of(
                        halts.halt(
                            caller,
                            Fields.digest("agreement_sha256", request.getAgreementSha256()),
                            request.getReason())))
                .build());
  }

  @Override
  public void resumeAgreement(
      ResumeAgreementRequest request, StreamObserver<ResumeAgreementResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            ResumeAgreementResponse.newBuilder()
                .setAgreement(
                    messages.of(
                        halts.resume(
                            caller,
                            Fields.digest("agreement_sha256", request.getAgreementSha256()))))
                .build());
  }
}
