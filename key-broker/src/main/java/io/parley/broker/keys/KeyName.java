package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.util.Objects;

/**
 * What a data key is for. A wrapped key opens under its own name only.
 *
 * @param name the dataset's, or the job's id
 * @param epoch counted from 1
 */
public record KeyName(Digest agreement, Purpose purpose, String name, int epoch) {
  private static final ByteString LABEL = ByteString.copyFromUtf8("parley/v1/data-key\0");

  public KeyName {
    Objects.requireNonNull(agreement, "agreement");
    Objects.requireNonNull(purpose, "purpose");
    if (name.isEmpty() || epoch < 1) {
      throw new IllegalArgumentException("a key needs a name and an epoch from 1");
    }
  }

  /** The key of a dataset, of this epoch. */
  public static KeyName dataset(Digest agreement, String dataset, int epoch) {
    return new KeyName(agreement, Purpose.DATASET, dataset, epoch);
  }

  /** The key of the channels between a job's enclaves. */
  public static KeyName job(Digest agreement, String jobId) {
    return new KeyName(agreement, Purpose.JOB, jobId, 1);
  }

  /** Unambiguous: only the last part has no fixed length. */
  byte[] context() {
    ByteBuffer fixed =
        ByteBuffer.allocate(Byte.BYTES + Integer.BYTES)
            .put((byte) (purpose == Purpose.DATASET ? 1 : 2))
            .putInt(epoch)
            .flip();
    return LABEL
        .concat(agreement.value())
        .concat(ByteString.copyFrom(fixed))
        .concat(ByteString.copyFromUtf8(name))
        .toByteArray();
  }

  /** The text is the database's. */
  public enum Purpose {
    DATASET("dataset"),
    JOB("job");

    private final String text;

    Purpose(String text) {
      this.text = text;
    }

    String text() {
      return text;
    }

    static Purpose of(String text) {
      return text.equals(DATASET.text) ? DATASET : JOB;
    }
  }
}
