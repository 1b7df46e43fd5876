package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.seal.SealedKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import java.util.List;

/** What a grant's bytes say. Whether it is meant for this enclave is for the caller to check. */
public record Grant(
    String jobId,
    String party,
    Digest agreement,
    Digest job,
    Digest evidence,
    List<GrantedKey> keys) {
  private static final int SIZE_BYTES_MAX = 1 << 20;

  public Grant {
    keys = List.copyOf(keys);
  }

  /** One key, for a dataset or for the channels of the job. */
  public sealed interface GrantedKey {
    int epoch();

    SealedKey key();

    /** A dataset's data key of this epoch. */
    record OfDataset(String dataset, int epoch, SealedKey key) implements GrantedKey {}

    /** The job's key. */
    record OfJob(int epoch, SealedKey key) implements GrantedKey {}
  }

  /**
   * From the exact bytes.
   *
   * @throws io.parley.wire.RefusedException GRANT_WRONG when they are not a canonical grant
   */
  public static Grant parse(ByteString bytes) {
    io.parley.proto.broker.v1.Grant message =
        StrictMessages.parse(
            io.parley.proto.broker.v1.Grant.parser(),
            bytes,
            SIZE_BYTES_MAX,
            Reason.GRANT_WRONG,
            "grant");
    return new Grant(
        message.getJobId(),
        message.getParty(),
        new Digest(message.getAgreementSha256()),
        new Digest(message.getJobSha256()),
        new Digest(message.getEvidenceSha256()),
        message.getKeysList().stream().map(Grant::key).toList());
  }

  private static GrantedKey key(io.parley.proto.broker.v1.GrantedKey message) {
    SealedKey sealed = SealedKey.fromMessage(message.getKey());
    return switch (message.getPurposeCase()) {
      case DATASET -> new GrantedKey.OfDataset(message.getDataset(), message.getEpoch(), sealed);
      case JOB_CHANNELS -> new GrantedKey.OfJob(message.getEpoch(), sealed);
      case PURPOSE_NOT_SET ->
          throw new io.parley.wire.RefusedException(
              Reason.GRANT_WRONG, "grant: a key without a purpose");
    };
  }
}
