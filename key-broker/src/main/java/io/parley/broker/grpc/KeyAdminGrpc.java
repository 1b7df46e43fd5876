package io.parley.broker.grpc;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.parley.broker.keys.DatasetEpoch;
import io.parley.broker.lifecycle.DatasetKeys;
import io.parley.broker.lifecycle.Shredding;
import io.parley.identity.Role;
import io.parley.proto.broker.v1.DatasetKey;
import io.parley.proto.broker.v1.KeyAdminServiceGrpc;
import io.parley.proto.broker.v1.KeyState;
import io.parley.proto.broker.v1.ListKeysRequest;
import io.parley.proto.broker.v1.ListKeysResponse;
import io.parley.proto.broker.v1.RetireKeyRequest;
import io.parley.proto.broker.v1.RetireKeyResponse;
import io.parley.proto.broker.v1.RevokeKeysRequest;
import io.parley.proto.broker.v1.RevokeKeysResponse;
import io.parley.proto.broker.v1.RotateKeyRequest;
import io.parley.proto.broker.v1.RotateKeyResponse;
import io.parley.proto.broker.v1.ShredKeysRequest;
import io.parley.proto.broker.v1.ShredKeysResponse;
import io.parley.wire.Digest;

/** KeyAdminService. Changing takes an operator, listing any role. */
public final class KeyAdminGrpc extends KeyAdminServiceGrpc.KeyAdminServiceImplBase {
  private final DatasetKeys keys;
  private final Shredding shredding;
  private final AgreementMessages messages;

  public KeyAdminGrpc(DatasetKeys keys, Shredding shredding, AgreementMessages messages) {
    this.keys = keys;
    this.shredding = shredding;
    this.messages = messages;
  }

  @Override
  public void rotateKey(RotateKeyRequest request, StreamObserver<RotateKeyResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            RotateKeyResponse.newBuilder()
                .setKey(
                    key(
                        keys.rotate(
                            caller,
                            agreement(request.getAgreementSha256()),
                            request.getDataset(),
                            Fields.epoch("newest_epoch", request.getNewestEpoch())),
                        false))
                .build());
  }

  @Override
  public void retireKey(RetireKeyRequest request, StreamObserver<RetireKeyResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            RetireKeyResponse.newBuilder()
                .setKey(
                    key(
                        keys.retire(
                            caller,
                            agreement(request.getAgreementSha256()),
                            request.getDataset(),
                            Fields.epoch("epoch", request.getEpoch())),
                        false))
                .build());
  }

  @Override
  public void revokeKeys(RevokeKeysRequest request, StreamObserver<RevokeKeysResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            RevokeKeysResponse.newBuilder()
                .setKey(
                    key(
                        keys.revoke(
                            caller, agreement(request.getAgreementSha256()), request.getDataset()),
                        false))
                .build());
  }

  @Override
  public void shredKeys(ShredKeysRequest request, StreamObserver<ShredKeysResponse> responses) {
    Answers.to(
        Role.OPERATOR,
        responses,
        caller ->
            ShredKeysResponse.newBuilder()
                .setAgreement(
                    messages.of(shredding.shred(caller, agreement(request.getAgreementSha256()))))
                .build());
  }

  @Override
  public void listKeys(ListKeysRequest request, StreamObserver<ListKeysResponse> responses) {
    Answers.toAny(
        responses,
        caller -> {
          int size = Fields.pageSize(request.getPageSize());
          DatasetKeys.Page page =
              keys.list(
                  caller,
                  agreement(request.getAgreementSha256()),
                  Fields.pageToken(request.getPageToken()),
                  size);
          boolean last = page.epochs().size() < size;
          return ListKeysResponse.newBuilder()
              .addAllKeys(page.epochs().stream().map(epoch -> key(epoch, page.shredded())).toList())
              .setNextPageToken(Fields.pageToken(last ? 0 : page.epochs().getLast().number()))
              .build();
        });
  }

  private static Digest agreement(ByteString bytes) {
    return Fields.digest("agreement_sha256", bytes);
  }

  private static DatasetKey key(DatasetEpoch epoch, boolean shredded) {
    DatasetKey.Builder key =
        DatasetKey.newBuilder()
            .setDataset(epoch.dataset())
            .setEpoch(epoch.epoch())
            .setState(state(epoch, shredded))
            .setFirstJob(epoch.firstJob())
            .setCreatedAt(Fields.timestamp(epoch.createdAt()));
    if (epoch.retiredAt() != null) {
      key.setRetiredAt(Fields.timestamp(epoch.retiredAt()));
    }
    return key.build();
  }

  private static KeyState state(DatasetEpoch epoch, boolean shredded) {
    if (shredded) {
      return KeyState.KEY_STATE_SHREDDED;
    }
    if (epoch.revoked()) {
      return KeyState.KEY_STATE_REVOKED;
    }
    if (epoch.retiredAt() != null) {
      return KeyState.KEY_STATE_RETIRED;
    }
    return epoch.newest() ? KeyState.KEY_STATE_CURRENT : KeyState.KEY_STATE_PREVIOUS;
  }
}
