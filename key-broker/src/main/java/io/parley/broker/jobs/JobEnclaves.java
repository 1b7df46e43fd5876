package io.parley.broker.jobs;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.jdbi.v3.core.Handle;

/** Whether it is a job's own enclave that says something. Within the caller's transaction. */
public final class JobEnclaves {
  private JobEnclaves() {}

  /**
   * Passes when the party's enclave of this job, the one that keys were released to, signed this.
   *
   * @param label of the signature
   * @throws RefusedException INVALID_SIGNATURE
   */
  public static void requireSigned(
      Handle read,
      StoredJob job,
      String party,
      String label,
      ByteString bytes,
      ByteString signature) {
    boolean signed =
        JobRows.enclaves(read, job.jobId()).stream()
            .filter(enclave -> enclave.party().equals(party))
            .anyMatch(
                enclave -> new VerifyingKey(enclave.signingKey()).verify(label, bytes, signature));
    if (!signed) {
      throw new RefusedException(
          Reason.INVALID_SIGNATURE,
          "this is not signed by an enclave of %s that got keys for job %s"
              .formatted(party, job.jobId()),
          Map.of("job", job.jobId(), "party", party));
    }
  }
}
