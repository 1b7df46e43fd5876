package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.proto.broker.v1.CertifiedStep;
import io.parley.seal.SealedKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a grant's bytes say. Whether it is meant for this enclave is for the caller to check.
 *
 * @param certified gates that need not be passed, with the identity of the step that passed before
 */
public record Grant(
    String jobId,
    String party,
    Digest agreement,
    Digest job,
    Digest evidence,
    List<GrantedKey> keys,
    SortedMap<Gate, Digest> certified) {
  private static final int SIZE_BYTES_MAX = 1 << 20;

  public Grant {
    keys = List.copyOf(keys);
    certified = Collections.unmodifiableSortedMap(new TreeMap<>(certified));
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
   * @throws RefusedException GRANT_WRONG when they are not a canonical grant
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
        message.getKeysList().stream().map(Grant::key).toList(),
        certified(message.getCertifiedList()));
  }

  private static SortedMap<Gate, Digest> certified(List<CertifiedStep> steps) {
    TreeMap<Gate, Digest> certified = new TreeMap<>();
    for (CertifiedStep step : steps) {
      Gate gate = new Gate(step.getOwner(), step.getStep());
      if (!certified.isEmpty() && certified.lastKey().compareTo(gate) >= 0) {
        throw new RefusedException(
            Reason.GRANT_WRONG, "grant: certified steps not in order, each once");
      }
      certified.put(gate, new Digest(step.getIdentitySha256()));
    }
    return certified;
  }

  private static GrantedKey key(io.parley.proto.broker.v1.GrantedKey message) {
    SealedKey sealed = SealedKey.fromMessage(message.getKey());
    return switch (message.getPurposeCase()) {
      case DATASET -> new GrantedKey.OfDataset(message.getDataset(), message.getEpoch(), sealed);
      case JOB_CHANNELS -> new GrantedKey.OfJob(message.getEpoch(), sealed);
      case PURPOSE_NOT_SET ->
          throw new RefusedException(Reason.GRANT_WRONG, "grant: a key without a purpose");
    };
  }
}
