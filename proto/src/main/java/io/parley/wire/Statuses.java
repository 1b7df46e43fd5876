package io.parley.wire;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import java.util.HashMap;
import java.util.Map;

/** Carries a {@link ParleyException} over the wire and back as {@code google.rpc.Status}. */
public final class Statuses {
  // What a caller sent may be in a message: an error must fit into gRPC's trailers all the same.
  private static final int MESSAGE_BYTES_MAX = 3500;
  private static final int METADATA_BYTES_MAX = 500;
  // gRPC writes a byte that is not ASCII as three; a character has up to four of those.
  private static final int ESCAPED_FROM = 0x7f;
  private static final int ESCAPED_BYTES = 12;

  private Statuses() {}

  /**
   * A status with one {@link ErrorInfo}; anything that is not ours becomes INTERNAL, without
   * detail.
   */
  public static Status toStatus(Throwable failure) {
    return failure instanceof ParleyException known
        ? status(known.reason(), String.valueOf(known.getMessage()), known.metadata())
        : status(
            Reason.INTERNAL,
            "internal error; the log of the answering side has the detail",
            Map.of());
  }

  /** The exception that a status stands for, in its family. */
  public static ParleyException fromStatus(Status status) {
    ErrorInfo info = info(status);
    Reason reason = reason(info.getReason());
    return switch (reason.code()) {
      case UNAVAILABLE ->
          new EnvironmentException(reason, status.getMessage(), info.getMetadataMap());
      case INTERNAL -> new BugException(status.getMessage());
      default -> new RefusedException(reason, status.getMessage(), info.getMetadataMap());
    };
  }

  private static Map<String, String> cut(Map<String, String> metadata) {
    Map<String, String> cut = new HashMap<>();
    metadata.forEach((key, value) -> cut.put(key, cut(value, METADATA_BYTES_MAX)));
    return cut;
  }

  private static String cut(String text, int bytesMax) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      bytes += text.charAt(i) < ESCAPED_FROM ? 1 : ESCAPED_BYTES;
      if (bytes > bytesMax) {
        return text.substring(0, i) + "...";
      }
    }
    return text;
  }

  private static Status status(Reason reason, String message, Map<String, String> metadata) {
    return Status.newBuilder()
        .setCode(reason.code().getNumber())
        .setMessage(cut(message, MESSAGE_BYTES_MAX))
        .addDetails(
            Any.pack(
                ErrorInfo.newBuilder()
                    .setDomain(Reason.DOMAIN)
                    .setReason(reason.name())
                    .putAllMetadata(cut(metadata))
                    .build()))
        .build();
  }

  private static ErrorInfo info(Status status) {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        try {
          return detail.unpack(ErrorInfo.class);
        } catch (InvalidProtocolBufferException e) {
          return ErrorInfo.getDefaultInstance();
        }
      }
    }
    return ErrorInfo.getDefaultInstance();
  }

  private static Reason reason(String name) {
    for (Reason reason : Reason.values()) {
      if (reason.name().equals(name)) {
        return reason;
      }
    }
    return Reason.INTERNAL;
  }
}
