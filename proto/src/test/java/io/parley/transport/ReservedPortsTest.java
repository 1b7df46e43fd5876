package io.parley.transport;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.channels.ServerSocketChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 30, unit = TimeUnit.SECONDS)
class ReservedPortsTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  @Test
  void whoIsToldOfItListensThereAndOnceMoreAfterwards() throws Exception {
    try (ReservedPorts ports = new ReservedPorts()) {
      InetSocketAddress address = new InetSocketAddress(LOOPBACK, ports.next());
      for (int i = 0; i < 2; i++) {
        try (ServerSocketChannel server = ServerSocketChannel.open().bind(address);
            Socket client = new Socket(address.getAddress(), address.getPort())) {
          assertThat(server.accept().getLocalAddress()).isEqualTo(address);
          assertThat(client.isConnected()).isTrue();
          assertThatThrownBy(() -> ServerSocketChannel.open().bind(address))
              .as("it is for one")
              .isInstanceOf(java.net.BindException.class);
        }
      }
    }
  }

  @Test
  void nobodyWhoAsksForAnyPortGetsIt() throws Exception {
    try (ReservedPorts ports = new ReservedPorts()) {
      int port = ports.next();
      List<ServerSocket> others = new ArrayList<>();
      try {
        for (int i = 0; i < 500; i++) {
          others.add(new ServerSocket(0, 1, LOOPBACK));
        }
        assertThat(others).noneMatch(other -> other.getLocalPort() == port);
        assertThat(ports.next()).isNotEqualTo(port);
      } finally {
        for (ServerSocket other : others) {
          other.close();
        }
      }
    }
  }
}
