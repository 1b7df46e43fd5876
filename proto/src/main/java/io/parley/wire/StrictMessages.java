package io.parley.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import com.google.protobuf.Timestamp;
import java.io.IOException;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.Map;

/**
 * Messages that are signed or hashed as bytes, and so must mean one thing only: one content has one
 * byte form. Unknown fields, at any depth, are refused, and so is any encoding but the canonical
 * one (fields in the order of their numbers, none twice, default values left out, shortest varints,
 * maps sorted by key).
 */
public final class StrictMessages {
  private static final int NANOS_MAX = 999_999_999;

  private StrictMessages() {}

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
   * The message that these bytes are; {@link #encode} gives the same bytes back.
   *
   * @param what for the error, for example "claims"
   * @throws RefusedException with {@code reason} when they are too long or not canonical
   */
  public static <M extends Message> M parse(
      Parser<M> parser, ByteString bytes, int maxBytes, Reason reason, String what) {
    if (bytes.size() > maxBytes) {
      throw new RefusedException(
          reason,
          "%s: %d bytes; at most %d are allowed".formatted(what, bytes.size(), maxBytes),
          Map.of("size", Integer.toString(bytes.size()), "limit", Integer.toString(maxBytes)));
    }
    M message;
    try {
      message = parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(reason, what + ": not a message of this kind", Map.of(), e);
    }
    refuseUnknown(message, reason, what);
    requireSame(encode(message), bytes, reason, what);
    return message;
  }

  /**
   * For after records were made of a message: they must stand for the same bytes.
   *
   * @throws RefusedException with {@code reason}
   */
  public static void requireSame(ByteString again, ByteString bytes, Reason reason, String what) {
    if (!again.equals(bytes)) {
      throw new RefusedException(
          reason,
          "%s: not in canonical form, the one byte form: fields in order, none twice, defaults left out, lists and maps sorted"
              .formatted(what));
    }
  }

  /**
   * Refuses a message that holds a field which this version does not know, at any depth.
   *
   * @throws RefusedException with {@code reason}
   */
  public static void refuseUnknown(Message message, Reason reason, String what) {
    if (!message.getUnknownFields().asMap().isEmpty()) {
      int number = message.getUnknownFields().asMap().keySet().iterator().next();
      throw new RefusedException(
          reason,
          "%s: unknown field %d in %s; this version does not know what it says, update"
              .formatted(what, number, message.getDescriptorForType().getName()),
          Map.of("field", Integer.toString(number)));
    }
    // Field by field, so that nothing is read of those in which there are no messages.
    for (FieldDescriptor field : message.getDescriptorForType().getFields()) {
      if (field.getJavaType() != FieldDescriptor.JavaType.MESSAGE) {
        continue;
      }
      if (field.isRepeated()) {
        for (int i = 0; i < message.getRepeatedFieldCount(field); i++) {
          refuseUnknown((Message) message.getRepeatedField(field, i), reason, what);
        }
      } else if (message.hasField(field)) {
        refuseUnknown((Message) message.getField(field), reason, what);
      }
    }
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
      if (timestamp.getNanos() < 0 || timestamp.getNanos() > NANOS_MAX) {
        throw new DateTimeException("nanos");
      }
      return Instant.ofEpochSecond(timestamp.getSeconds(), timestamp.getNanos());
    } catch (DateTimeException e) {
      throw new RefusedException(reason, "timestamp is out of range", Map.of(), e);
    }
  }
}
