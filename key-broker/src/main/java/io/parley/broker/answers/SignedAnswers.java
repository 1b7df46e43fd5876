package io.parley.broker.answers;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * A page of records as it leaves.
 *
 * @param head exact bytes
 * @param signature by the broker, over label and head
 */
public record SignedAnswers(ByteString head, ByteString signature, List<Item> records) {
  public SignedAnswers {
    records = List.copyOf(records);
  }

  /** One record, and whose answer it is. */
  public record Item(String jobId, ByteString record) {}
}
