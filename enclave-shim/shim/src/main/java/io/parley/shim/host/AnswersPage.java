package io.parley.shim.host;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * Records of answers as they came, not checked.
 *
 * @param head exact bytes, which the signature covers
 */
public record AnswersPage(ByteString head, ByteString signature, List<Item> records) {
  public AnswersPage {
    records = List.copyOf(records);
  }

  /**
   * One of them.
   *
   * @param jobId whose answer it is said to be
   */
  public record Item(String jobId, ByteString record) {}
}
