package io.parley.peer.relay;

import com.google.protobuf.ByteString;
import io.parley.link.Descriptor;
import io.parley.link.TcpSockets;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Map;

/** Connects to another host's {@link DataPort} with a token. Stateless; calls block a thread. */
public final class DataDialer {
  private static final Duration WITHIN = Duration.ofSeconds(5);

  private DataDialer() {}

  /**
   * A connection that the other host has admitted; the caller owns it.
   *
   * @throws EnvironmentException PEER_UNAVAILABLE when it cannot be reached or refuses the token
   */
  public static Descriptor dial(InetSocketAddress to, ByteString token) {
    try {
      Descriptor connection = TcpSockets.connect(to, WITHIN);
      try {
        connection.setTimeouts(WITHIN, WITHIN);
        connection.writeFully(token.asReadOnlyByteBuffer());
        ByteBuffer ack = ByteBuffer.allocate(1);
        if (connection.read(ack) != 1 || ack.get(0) != DataPort.ACK) {
          throw new IOException("the token was refused");
        }
        connection.setTimeouts(Duration.ZERO, Duration.ZERO);
        return connection;
      } catch (IOException | RuntimeException e) {
        connection.close();
        throw e;
      }
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.PEER_UNAVAILABLE,
          "cannot open a data connection to %s: %s; is its data port open to us? 'data: {mode: relay}' does without"
              .formatted(to, e.getMessage()),
          Map.of("address", to.toString()),
          e);
    }
  }
}
