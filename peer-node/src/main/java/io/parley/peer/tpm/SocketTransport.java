package io.parley.peer.tpm;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketAddress;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;

/** An emulator's data socket: swtpm's carries bare commands and answers, nothing around them. */
final class SocketTransport implements TpmTransport {
  private final SocketChannel channel;
  private final Selector selector;
  private final SelectionKey key;
  private final Duration timeout;

  private SocketTransport(SocketChannel channel, Selector selector, Duration timeout)
      throws IOException {
    this.channel = channel;
    this.selector = selector;
    this.timeout = timeout;
    this.key = channel.register(selector, 0);
  }

  /**
   * Connects to a Unix socket.
   *
   * @param timeout of each command
   */
  static SocketTransport connect(Path socket, Duration timeout) throws IOException {
    return connect(
        SocketChannel.open(StandardProtocolFamily.UNIX),
        UnixDomainSocketAddress.of(socket),
        timeout);
  }

  private static SocketTransport connect(
      SocketChannel channel, SocketAddress address, Duration timeout) throws IOException {
    try {
      channel.connect(address);
      channel.configureBlocking(false);
      return new SocketTransport(channel, Selector.open(), timeout);
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  @Override
  public byte[] transmit(byte[] command) throws IOException {
    try {
      return exchange(command);
    } catch (SocketException | ClosedChannelException e) {
      throw new IOException("the TPM hung up (%s)".formatted(e), e);
    }
  }

  private byte[] exchange(byte[] command) throws IOException {
    long deadline = System.nanoTime() + timeout.toNanos();
    requireSilence();
    ByteBuffer out = ByteBuffer.wrap(command);
    while (out.hasRemaining()) {
      await(SelectionKey.OP_WRITE, deadline);
      channel.write(out);
    }
    // One more than an answer may have: what is too much must be seen.
    ByteBuffer in = ByteBuffer.allocate(MAX_BYTES + 1);
    while (!Framing.complete(in)) {
      await(SelectionKey.OP_READ, deadline);
      if (channel.read(in) < 0) {
        throw new EOFException(
            "the TPM hung up after %d bytes of an answer".formatted(in.position()));
      }
    }
    return Framing.taken(in);
  }

  /** Nothing may come that nobody asked for: it would be taken for the next answer. */
  private void requireSilence() throws IOException {
    int read = channel.read(ByteBuffer.allocate(1));
    if (read != 0) {
      throw new IOException(
          read < 0 ? "the TPM hung up" : "the TPM sent bytes that nobody asked for");
    }
  }

  private void await(int operation, long deadline) throws IOException {
    key.interestOps(operation);
    long left = Duration.ofNanos(deadline - System.nanoTime()).toMillis();
    if (left <= 0 || selector.select(left) == 0) {
      if (Thread.currentThread().isInterrupted()) {
        throw new IOException("interrupted while the TPM worked");
      }
      if (System.nanoTime() - deadline >= 0 || left <= 0) {
        throw new SocketTimeoutException(
            "the TPM did not answer in %d ms".formatted(timeout.toMillis()));
      }
    }
    selector.selectedKeys().clear();
  }

  @Override
  public void close() {
    try (channel;
        selector) {
      key.cancel();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
