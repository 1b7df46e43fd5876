package io.parley.wire;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Carries a {@link ParleyException} over the wire and back as {@code google.rpc.Status}. */
public final class Statuses {
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

  public static StatusRuntimeException toGrpc(Throwable failure) {
    return StatusProto.toStatusRuntimeException(toStatus(failure));
  }

  /** What {@link #toGrpc} sent, or an {@link EnvironmentException} with {@code otherwise}. */
  public static ParleyException fromGrpc(Throwable failure, Reason otherwise) {
    @Nullable Status status =
        switch (failure) {
          case StatusRuntimeException e -> StatusProto.fromThrowable(e);
          case StatusException e -> StatusProto.fromThrowable(e);
          default -> null;
        };
    if (status != null) {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(ErrorInfo.class)) {
          return fromStatus(status);
        }
      }
    }
    return new EnvironmentException(
        otherwise, "call failed: " + failure.getMessage(), Map.of(), failure);
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

  private static Status status(Reason reason, String message, Map<String, String> metadata) {
    return Status.newBuilder()
        .setCode(reason.code().value())
        .setMessage(message)
        .addDetails(
            Any.pack(
                ErrorInfo.newBuilder()
                    .setDomain(Reason.DOMAIN)
                    .setReason(reason.name())
                    .putAllMetadata(metadata)
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
