package io.parley.peer.tpm;

import java.io.EOFException;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The kernel's device, {@code /dev/tpmrm0}: one write is one command, and a read gives its answer.
 * Everybody who opens it has handles of their own there; closing flushes them.
 */
final class DeviceTransport implements TpmTransport {
  private final FileChannel device;
  private final Duration timeout;
  private final ExecutorService thread;

  private DeviceTransport(FileChannel device, Duration timeout) {
    this.device = device;
    this.timeout = timeout;
    // The kernel's calls know no time limit, so somebody else waits for them.
    this.thread =
        Executors.newSingleThreadExecutor(
            Thread.ofPlatform().daemon().name("tpm-device").factory());
  }

  static DeviceTransport open(Path device, Duration timeout) throws IOException {
    return new DeviceTransport(
        FileChannel.open(device, StandardOpenOption.READ, StandardOpenOption.WRITE), timeout);
  }

  @Override
  public byte[] transmit(byte[] command) throws IOException {
    Future<byte[]> answer = thread.submit(() -> exchange(command));
    try {
      return answer.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof IOException failure) {
        throw failure;
      }
      throw new IOException(e.getCause());
    } catch (TimeoutException e) {
      close();
      throw new SocketTimeoutException(
          "the TPM did not answer in %d ms".formatted(timeout.toMillis()));
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while the TPM worked", e);
    }
  }

  private byte[] exchange(byte[] command) throws IOException {
    int written = device.write(ByteBuffer.wrap(command));
    if (written != command.length) {
      throw new IOException(
          "the TPM's device took %d bytes of a command of %d".formatted(written, command.length));
    }
    ByteBuffer in = ByteBuffer.allocate(MAX_BYTES + 1);
    while (!Framing.complete(in)) {
      // An empty read is the kernel's way to say that there is no more (drivers/char/tpm).
      if (device.read(in) <= 0) {
        throw new EOFException(
            "the TPM's device gave %d bytes of an answer".formatted(in.position()));
      }
    }
    return Framing.taken(in);
  }

  @Override
  public void close() {
    thread.shutdownNow();
    try {
      device.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
