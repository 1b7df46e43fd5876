package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.JOB;
import static io.parley.seal.SealFixtures.fixedRandom;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/** A socket whose other end has already said everything: what comes is given, what goes is kept. */
final class Scripted implements ByteChannel {
  static final ChannelContext CONTEXT =
      new ChannelContext(AGREEMENT, JOB, "hospital", "insurer", "dataset/admissions");

  /** The randoms that both ends of a scripted channel draw. */
  static final int INITIATOR = 0x11;

  static final int ACCEPTOR = 0x22;

  final ByteArrayOutputStream sent = new ByteArrayOutputStream();
  private final ByteBuffer incoming;
  private final int readAtMost;

  Scripted(byte[] incoming) {
    this(incoming, Integer.MAX_VALUE);
  }

  Scripted(byte[] incoming, int readAtMost) {
    this.incoming = ByteBuffer.wrap(incoming);
    this.readAtMost = readAtMost;
  }

  /** The 40 bytes with which a side begins. */
  static byte[] hello(int random) {
    byte[] hello = new byte[RecordChannel.HELLO_SIZE_BYTES];
    Arrays.fill(hello, (byte) random);
    System.arraycopy(RecordChannel.MAGIC, 0, hello, 0, RecordChannel.MAGIC.length);
    hello[RecordChannel.MAGIC.length] = RecordChannel.VERSION;
    return hello;
  }

  /** Everything that an initiator writes which does this: hello, then records. */
  static byte[] initiatorSays(ChannelContext context, Secret key, Consumer<RecordSender> actions) {
    Scripted socket = new Scripted(hello(ACCEPTOR));
    actions.accept(
        RecordChannel.open(socket, context, key, fixedRandom(INITIATOR), true, 64).sender());
    return socket.sent.toByteArray();
  }

  /** The acceptor, to whom these bytes come. */
  static RecordChannel acceptor(byte[] incoming, Secret key) {
    return RecordChannel.open(
        new Scripted(incoming), CONTEXT, key, fixedRandom(ACCEPTOR), false, 64);
  }

  /** All that it receives, to the end. */
  static byte[] receiveAll(RecordReceiver receiver) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    while (receiver.receive()) {
      byte[] bytes = new byte[receiver.buffer().remaining()];
      receiver.buffer().get(bytes);
      all.writeBytes(bytes);
    }
    return all.toByteArray();
  }

  /** The hello, then each record. */
  static List<byte[]> split(byte[] transcript) {
    List<byte[]> parts = new ArrayList<>();
    parts.add(Arrays.copyOf(transcript, RecordChannel.HELLO_SIZE_BYTES));
    ByteBuffer rest = ByteBuffer.wrap(transcript).position(RecordChannel.HELLO_SIZE_BYTES);
    while (rest.hasRemaining()) {
      byte[] record = new byte[Integer.BYTES + rest.getInt(rest.position())];
      rest.get(record);
      parts.add(record);
    }
    return parts;
  }

  static byte[] join(List<byte[]> parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    parts.forEach(all::writeBytes);
    return all.toByteArray();
  }

  @Override
  public int read(ByteBuffer to) {
    if (!incoming.hasRemaining()) {
      return -1;
    }
    int count = Math.min(readAtMost, Math.min(to.remaining(), incoming.remaining()));
    to.put(to.position(), incoming, incoming.position(), count);
    to.position(to.position() + count);
    incoming.position(incoming.position() + count);
    return count;
  }

  @Override
  public int write(ByteBuffer from) {
    byte[] bytes = new byte[from.remaining()];
    from.get(bytes);
    sent.writeBytes(bytes);
    return bytes.length;
  }

  @Override
  public boolean isOpen() {
    return true;
  }

  @Override
  public void close() {}
}
