package io.parley.peer.config;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.net.InetSocketAddress;
import java.util.Map;

/**
 * A host name or address and a port, as configuration and peers write it: {@code host:port}, {@code
 * [::1]:port}. Port 0 means that the system picks one. Immutable.
 */
public record HostPort(String host, int port) {
  private static final int PORT_MAX = 65_535;

  public HostPort {
    if (host.isBlank() || host.chars().anyMatch(Character::isWhitespace)) {
      throw wrong(host + ":" + port);
    }
    if (port < 0 || port > PORT_MAX) {
      throw wrong(host + ":" + port);
    }
  }

  /**
   * From text.
   *
   * @throws RefusedException INVALID_REQUEST when it is not {@code host:port}
   */
  public static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    String port = text.substring(colon + 1);
    if (colon < 1 || !port.matches("[0-9]{1,5}")) {
      throw wrong(text);
    }
    String host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    } else if (host.indexOf(':') >= 0) {
      throw wrong(text);
    }
    return new HostPort(host, Integer.parseInt(port));
  }

  public HostPort withPort(int other) {
    return new HostPort(host, other);
  }

  /** Resolves the host name, every time it is asked. */
  public InetSocketAddress resolve() {
    return new InetSocketAddress(host, port);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  private static RefusedException wrong(String text) {
    return new RefusedException(
        Reason.INVALID_REQUEST,
        "'%s' is not an address; expected host:port, for example 127.0.0.1:7700".formatted(text),
        Map.of("address", text));
  }
}
