package io.parley.agreement;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.Timestamp;
import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;

/**
 * Protobuf where signatures are over the bytes: one content has one byte form, and nothing in it is
 * unknown. Fields stand in the order of their numbers, defaults are left out, maps are sorted by
 * key.
 */
public final class Strict {
  private Strict() {}

  /** The one byte form. */
  public static ByteString encode(Message message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    CodedOutputStream out = CodedOutputStream.newInstance(bytes);
    out.useDeterministicSerialization();
    try {
      message.writeTo(out);
      out.checkNoSpaceLeft();
    } catch (IOException e) {
      throw new BugException("writing to an array of the right size failed", e);
    }
    return ByteString.copyFrom(bytes);
  }

  /**
   * Parses, and refuses what {@link #encode} would not give back.
   *
   * @throws RefusedException with {@code reason}
   */
  public static <M extends Message> M decode(
      Parser<M> parser, ByteString bytes, Reason reason, String what) {
    if (bytes.size() > Limits.MAX_DOCUMENT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "%s is %d bytes long; at most %d"
              .formatted(what, bytes.size(), Limits.MAX_DOCUMENT_BYTES));
    }
    M message;
    try {
      message = parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(
          reason, "%s is not a message of its type".formatted(what), Map.of(), e);
    }
    if (hasUnknown(message)) {
      throw new RefusedException(
          reason,
          "%s has fields that this version does not know, so what it says is not known either; update"
              .formatted(what));
    }
    requireSame(encode(message), bytes, reason, what);
    return message;
  }

  /** For after the records were made: they must stand for the same bytes. */
  public static void requireSame(ByteString again, ByteString bytes, Reason reason, String what) {
    if (!again.equals(bytes)) {
      throw new RefusedException(
          reason,
          "%s is not in the one byte form: fields in the order of their numbers, defaults left out, lists and maps sorted"
              .formatted(what));
    }
  }

  /** Whether there is a field, at any depth, that this version does not know. */
  public static boolean hasUnknown(Message message) {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      return true;
    }
    return message.getAllFields().values().stream().anyMatch(Strict::unknownInValue);
  }

  private static boolean unknownInValue(Object value) {
    return switch (value) {
      case Message nested -> hasUnknown(nested);
      case Collection<?> list -> list.stream().anyMatch(Strict::unknownInValue);
      default -> false;
    };
  }

  /** As messages carry it. */
  public static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }

  /**
   * The reverse of {@link #timestamp}.
   *
   * @throws RefusedException with {@code reason} when it is out of range
   */
  public static Instant instant(Timestamp timestamp, Reason reason) {
    try {
      if (timestamp.getNanos() < 0 || timestamp.getNanos() > 999_999_999) {
        throw new DateTimeException("nanos");
      }
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (DateTimeException e) {
      throw new RefusedException(reason, "timestamp is out of range", Map.of(), e);
    }
  }
}
