package io.parley.peer.tpm;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** Stands in for the kernel's device: a file that takes a command and gives an answer. */
final class FakeDevice implements AutoCloseable {
  /** What answers. */
  @FunctionalInterface
  interface Tpm {
    byte[] answer(byte[] command) throws IOException;
  }

  private final Pty pty = new Pty();
  private final Thread thread;
  private volatile Tpm tpm;
  private volatile boolean closed;

  FakeDevice(Tpm tpm) throws IOException {
    this.tpm = tpm;
    this.thread = Thread.ofPlatform().daemon().name("fake-tpm-device").start(this::serve);
  }

  Path path() {
    return pty.path();
  }

  void tpm(Tpm other) {
    tpm = other;
  }

  private void serve() {
    ByteArrayOutputStream command = new ByteArrayOutputStream();
    while (!closed) {
      command.writeBytes(pty.read(TpmTransport.MAX_BYTES));
      byte[] bytes = command.toByteArray();
      if (bytes.length >= TpmTransport.HEADER_BYTES
          && ByteBuffer.wrap(bytes).getInt(2) == bytes.length) {
        command.reset();
        try {
          pty.write(tpm.answer(bytes));
        } catch (IOException e) {
          // Like a device that gives nothing.
        }
      }
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    // Wakes the thread with a command that nobody reads the answer of.
    try (DeviceTransport waker = DeviceTransport.open(path(), java.time.Duration.ofMillis(200))) {
      waker.transmit(new byte[] {(byte) 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x7a});
    } catch (IOException e) {
      // As expected: there may be no answer any more.
    }
    try {
      thread.join(2000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    pty.close();
  }
}
