package io.parley.transport;

import com.google.protobuf.Any;
import com.google.rpc.ErrorInfo;
import com.google.rpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.Statuses;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@link Statuses} as gRPC carries them. Apart from those, because enclaves speak no gRPC and do
 * without its libraries.
 */
public final class GrpcStatuses {
  private GrpcStatuses() {}

  /** What to end a call with. */
  public static StatusRuntimeException toGrpc(Throwable failure) {
    return StatusProto.toStatusRuntimeException(Statuses.toStatus(failure));
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
          return Statuses.fromStatus(status);
        }
      }
    }
    return new EnvironmentException(
        otherwise, "call failed: " + failure.getMessage(), Map.of(), failure);
  }
}
