package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;

/**
 * The bindings of this protocol, one method per kind of key (deploy/docs/protocol.md, "Sealed
 * keys"). The labels keep the kinds apart even where their fields agree.
 */
public final class Bindings {
  static final String GRANTED_KEY = "parley/v1/granted-key";
  static final String GRANTED_TO = "parley/v1/granted-to";
  static final String RESULT_KEY = "parley/v1/result-key";
  static final String RESULT_RECIPIENT = "parley/v1/result-recipient";

  private static final String DATASET = "dataset";
  private static final String JOB_CHANNELS = "job-channels";

  private Bindings() {}

  /**
   * Keys that the broker grants to one enclave.
   *
   * @param agreement digest of the signed agreement's payload
   * @param job digest of the exact JobSpec bytes
   * @param evidence digest of the exact Evidence bytes that were judged
   * @param party whose host runs the enclave
   * @param receiveKey the enclave's own key, from its claims
   */
  public record Grant(
      Digest agreement, Digest job, Digest evidence, String party, HpkePublicKey receiveKey) {

    /** For a dataset's key of this epoch. */
    public Binding dataset(String dataset, int epoch) {
      return of(DATASET, dataset, epoch);
    }

    /** For the job's key, which protects the channels between its enclaves. */
    public Binding jobChannels(int epoch) {
      return of(JOB_CHANNELS, "", epoch);
    }

    private Binding of(String purpose, String name, int epoch) {
      ByteString info =
          Fields.label(GRANTED_KEY)
              .add(agreement.value())
              .add(purpose)
              .add(name)
              .add(epoch)
              .add(job.value())
              .toByteString();
      ByteString aad =
          Fields.label(GRANTED_TO)
              .add(evidence.value())
              .add(party)
              .add(receiveKey.suite().kemId())
              .add(receiveKey.key())
              .toByteString();
      return new Binding(info, aad, Reason.GRANT_WRONG);
    }
  }

  /**
   * The key of one sealed result, sealed once per recipient.
   *
   * @param agreement digest of the signed agreement's payload
   * @param jobId as in the JobSpec
   * @param result its name
   */
  public record Result(Digest agreement, String jobId, String result) {

    /** For the party of this name. */
    public Binding recipient(String party) {
      ByteString info =
          Fields.label(RESULT_KEY).add(agreement.value()).add(jobId).add(result).toByteString();
      ByteString aad = Fields.label(RESULT_RECIPIENT).add(party).toByteString();
      return new Binding(info, aad, Reason.INVALID_RESULT);
    }
  }
}
