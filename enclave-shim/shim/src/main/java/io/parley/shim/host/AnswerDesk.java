package io.parley.shim.host;

import com.google.protobuf.ByteString;

/** Where records of answers are kept. What comes back is not checked. */
public interface AnswerDesk {
  /** Records of earlier answers, a page of them. */
  AnswersPage readAnswers(ByteString asked, ByteString signature);

  /** Adds the records of one more answer. */
  SignedRecorded recordAnswer(ByteString given, ByteString signature);
}
