package io.parley.broker.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Timestamp;
import io.parley.tlog.MerkleTree;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Instant;
import java.util.Map;

/** Fields of requests and responses, checked on the way in. */
final class Fields {
  static final int PAGE_SIZE_DEFAULT = 100;
  static final int PAGE_SIZE_MAX = 1000;

  private Fields() {}

  static Digest digest(String field, ByteString value) {
    if (value.size() != Digest.SIZE_BYTES) {
      throw wrong(
          field, "is %d bytes long; expected %d".formatted(value.size(), Digest.SIZE_BYTES));
    }
    return new Digest(value);
  }

  /** Unsigned on the wire; no epoch is as large as what does not fit. */
  static int epoch(String field, int value) {
    if (value < 1 || value == Integer.MAX_VALUE) {
      throw wrong(field, "is %s; epochs count from 1".formatted(Integer.toUnsignedString(value)));
    }
    return value;
  }

  static int pageSize(int asked) {
    if (asked < 0 || asked > PAGE_SIZE_MAX) {
      throw wrong("page_size", "is %d; expected 0 to %d".formatted(asked, PAGE_SIZE_MAX));
    }
    return asked == 0 ? PAGE_SIZE_DEFAULT : asked;
  }

  /** Tokens are the place in the list to go on from. */
  static long pageToken(String token) {
    if (token.isEmpty()) {
      return 0;
    }
    if (!token.matches("[0-9]{1,18}")) {
      throw wrong("page_token", "is not one of ours; use next_page_token of the page before");
    }
    return Long.parseLong(token);
  }

  static String pageToken(long next) {
    return next == 0 ? "" : Long.toString(next);
  }

  /** A place in the log, or its size. */
  static long size(String field, long value) {
    if (value < 0 || value > MerkleTree.SIZE_MAX) {
      throw wrong(field, "is larger than any log");
    }
    return value;
  }

  static int count(int asked, int most) {
    if (asked < 0 || asked > most) {
      throw wrong(
          "count", "is %s; expected 0 to %d".formatted(Integer.toUnsignedString(asked), most));
    }
    return asked == 0 ? most : asked;
  }

  static String required(String field, String value) {
    if (value.isEmpty()) {
      throw wrong(field, "is empty");
    }
    return value;
  }

  static Timestamp timestamp(Instant at) {
    return Timestamp.newBuilder().setSeconds(at.getEpochSecond()).setNanos(at.getNano()).build();
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_REQUEST, field + " " + problem, Map.of("field", field));
  }
}
