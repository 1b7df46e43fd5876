package io.parley.demo;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.List;

/** One bare TCP stream between two processes: what a sealed channel is compared with. */
final class LoopbackTcp {
  private static final int CHUNK_BYTES = 1 << 20;

  private LoopbackTcp() {}

  /** The sender's process. Usage: LoopbackTcp PORT BYTES. */
  public static void main(String[] args) throws IOException {
    long left = Long.parseLong(args[1]);
    try (SocketChannel to =
        SocketChannel.open(
            new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(args[0])))) {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      while (left > 0) {
        chunk.clear().limit((int) Math.min(CHUNK_BYTES, left));
        left -= chunk.limit();
        while (chunk.hasRemaining()) {
          to.write(chunk);
        }
      }
    }
  }

  /** From the first byte to the last, sent by a fresh process. */
  static double gigabytesPerSecond(long bytes) throws IOException, InterruptedException {
    try (ServerSocketChannel server =
        ServerSocketChannel.open()
            .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))) {
      int port = ((InetSocketAddress) server.getLocalAddress()).getPort();
      Process sender =
          new ProcessBuilder(
                  List.of(
                      ProcessHandle.current().info().command().orElseThrow(),
                      "-cp",
                      System.getProperty("java.class.path"),
                      LoopbackTcp.class.getName(),
                      Integer.toString(port),
                      Long.toString(bytes)))
              .inheritIO()
              .start();
      try (SocketChannel from = server.accept()) {
        ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
        long start = 0;
        long came = 0;
        for (int n = from.read(chunk); n >= 0; n = from.read(chunk.clear())) {
          start = start == 0 ? System.nanoTime() : start;
          came += n;
        }
        double seconds = (System.nanoTime() - start) / 1e9;
        if (came != bytes || sender.waitFor() != 0) {
          throw new IllegalStateException("the stream broke after " + came + " bytes");
        }
        return came / 1e9 / seconds;
      }
    }
  }
}
