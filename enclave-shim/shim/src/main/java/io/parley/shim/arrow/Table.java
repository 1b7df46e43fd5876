package io.parley.shim.arrow;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Whose table is being read; it goes into every error. */
public record Table(String dataset, String owner) {
  RefusedException invalid(String detail) {
    return invalid(detail, null);
  }

  RefusedException invalid(String detail, @Nullable Throwable cause) {
    return new RefusedException(
        Reason.INVALID_DATASET,
        "dataset '%s' of %s: %s; add it again".formatted(dataset, owner, detail),
        Map.of("dataset", dataset, "owner", owner),
        cause);
  }
}
