package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a client asks for. Immutable.
 *
 * @param client certificate name of the client
 * @param requestId chosen by the client: the same one makes the same job
 */
public record Submission(
    String client,
    String requestId,
    Digest agreement,
    Map<String, String> parameters,
    Duration timeout) {
  private static final int REQUEST_ID_CHARS_MAX = 128;

  public Submission {
    parameters = Map.copyOf(parameters);
    if (requestId.isBlank() || requestId.length() > REQUEST_ID_CHARS_MAX) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "request_id has %d characters; expected 1 to %d"
              .formatted(requestId.length(), REQUEST_ID_CHARS_MAX),
          Map.of("length", Integer.toString(requestId.length())));
    }
  }

  /** Tells two things that were asked for apart, whatever their request id. */
  Digest fingerprint() {
    StringBuilder text = new StringBuilder(agreement.hex()).append(timeout);
    new TreeMap<>(parameters)
        .forEach((name, value) ->
            text.append('\n')
                .append(name.length())
                .append(':')
                .append(name)
                .append(value.length())
                .append(':')
                .append(value));
    return Digest.of(ByteString.copyFrom(text.toString(), StandardCharsets.UTF_8));
  }
}
