package io.parley.wire;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.protobuf.Parser;
import java.util.Map;

/**
 * Reads messages that were signed or hashed as bytes, and so must mean one thing only: unknown
 * fields, at any depth, are refused, and so is any encoding but the canonical one (fields in the
 * order of their numbers, none twice, default values left out, shortest varints).
 *
 * <p>Not for messages with a map field: the order of a map's entries has no canonical form.
 */
public final class StrictMessages {
  private StrictMessages() {}

  /**
   * The message that these bytes are.
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
          Map.of("size", Integer.toString(bytes.size())));
    }
    M message;
    try {
      message = parser.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(reason, what + ": not a message of this kind", Map.of(), e);
    }
    refuseUnknown(message, reason, what);
    if (!message.toByteString().equals(bytes)) {
      throw new RefusedException(
          reason,
          what
              + ": not in canonical form; expected fields in order, none twice, defaults left out");
    }
    return message;
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
          "%s: unknown field %d in %s; it may come from a newer version"
              .formatted(what, number, message.getDescriptorForType().getName()),
          Map.of("field", Integer.toString(number)));
    }
    for (Object value : message.getAllFields().values()) {
      switch (value) {
        case Message inner -> refuseUnknown(inner, reason, what);
        case Iterable<?> list when !(value instanceof ByteString) -> {
          for (Object item : list) {
            if (item instanceof Message inner) {
              refuseUnknown(inner, reason, what);
            }
          }
        }
        default -> {}
      }
    }
  }
}
