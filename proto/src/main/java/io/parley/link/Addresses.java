package io.parley.link;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;

/** {@code struct sockaddr} in its three forms (unix(7), ip(7), ipv6(7)). */
final class Addresses {
  static final int AF_INET = 2;
  static final int AF_INET6 = 10;
  private static final int UNIX_PATH_BYTES = 108;
  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.BIG_ENDIAN);

  private Addresses() {}

  static int family(InetSocketAddress address) {
    return address.getAddress() instanceof Inet4Address ? AF_INET : AF_INET6;
  }

  static MemorySegment unix(Path path, Arena arena) throws IOException {
    byte[] bytes = path.toString().getBytes(UTF_8);
    if (bytes.length >= UNIX_PATH_BYTES) {
      throw new IOException(
          "socket path %s is %d bytes long; at most %d fit. Set TMPDIR to a shorter folder"
              .formatted(path, bytes.length, UNIX_PATH_BYTES - 1));
    }
    MemorySegment address = arena.allocate(2 + UNIX_PATH_BYTES, 8);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) Sockets.AF_UNIX);
    MemorySegment.copy(bytes, 0, address, ValueLayout.JAVA_BYTE, 2, bytes.length);
    return address;
  }

  static MemorySegment inet(InetSocketAddress socket, Arena arena) throws IOException {
    return switch (socket.getAddress()) {
      case Inet4Address ip -> inet4(ip, socket.getPort(), arena);
      case Inet6Address ip -> inet6(ip, socket.getPort(), arena);
      case null -> throw new IOException("host " + socket.getHostString() + " is not known");
      default -> throw new IOException("neither IPv4 nor IPv6: " + socket);
    };
  }

  private static MemorySegment inet4(Inet4Address ip, int port, Arena arena) {
    MemorySegment address = arena.allocate(16, 8);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET);
    address.set(PORT, 2, (short) port);
    MemorySegment.copy(ip.getAddress(), 0, address, ValueLayout.JAVA_BYTE, 4, 4);
    return address;
  }

  private static MemorySegment inet6(Inet6Address ip, int port, Arena arena) {
    MemorySegment address = arena.allocate(28, 8);
    address.set(ValueLayout.JAVA_SHORT, 0, (short) AF_INET6);
    address.set(PORT, 2, (short) port);
    MemorySegment.copy(ip.getAddress(), 0, address, ValueLayout.JAVA_BYTE, 8, 16);
    address.set(ValueLayout.JAVA_INT, 24, ip.getScopeId());
    return address;
  }

  static InetSocketAddress parse(MemorySegment address) throws IOException {
    int ipOffset = address.get(ValueLayout.JAVA_SHORT, 0) == AF_INET ? 4 : 8;
    byte[] ip = new byte[ipOffset == 4 ? 4 : 16];
    MemorySegment.copy(address, ValueLayout.JAVA_BYTE, ipOffset, ip, 0, ip.length);
    return new InetSocketAddress(
        InetAddress.getByAddress(Arrays.copyOf(ip, ip.length)),
        Short.toUnsignedInt(address.get(PORT, 2)));
  }
}
