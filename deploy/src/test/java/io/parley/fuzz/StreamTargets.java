package io.parley.fuzz;

import io.parley.seal.Bindings;
import io.parley.seal.ChannelContext;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.RecordChannel;
import io.parley.seal.RecordReceiver;
import io.parley.seal.RecordSender;
import io.parley.seal.SealedResultReader;
import io.parley.seal.SealedResultWriter;
import io.parley.seal.Secret;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.ByteChannel;
import java.nio.channels.Channels;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** Sealed streams: whatever is done to one, nothing comes out but what was sealed. */
final class StreamTargets {
  private static final int RECORD_BYTES = 64;
  private static final ChannelContext CONTEXT =
      new ChannelContext(
          FuzzSamples.APP, FuzzSamples.SHIM, "shop", "payments", "dataset/customers");

  private StreamTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "record-layer", scratch -> records(),
        "sealed-result", scratch -> sealedResult());
  }

  private static FuzzTarget records() {
    byte[] data = noise(300);
    Secret key = Secret.random(32, FuzzSamples.RANDOM);
    byte[] acceptorsHello = new Socket(new byte[0]).saysFirst(key, false);
    Socket socket = new Socket(acceptorsHello);
    RecordSender sender =
        RecordChannel.open(socket, CONTEXT, key, new Fixed(1), true, RECORD_BYTES).sender();
    sender.write(ByteBuffer.wrap(data));
    sender.finish();
    return new FuzzTarget(List.of(socket.sent.toByteArray()), bytes -> received(bytes, key, data));
  }

  /** What came out before a refusal is the beginning of what went in. */
  private static boolean received(byte[] bytes, Secret key, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean whole = false;
    try {
      RecordReceiver receiver =
          RecordChannel.open(new Socket(bytes), CONTEXT, key, new Fixed(2), false, RECORD_BYTES)
              .receiver();
      while (receiver.receive()) {
        byte[] piece = new byte[receiver.buffer().remaining()];
        receiver.buffer().get(piece);
        out.writeBytes(piece);
      }
      whole = true;
    } finally {
      byte[] came = out.toByteArray();
      boolean right = whole ? Arrays.equals(came, data) : isPrefix(came, data);
      if (!right) {
        throw new AssertionError("nobody sealed this: " + came.length + " bytes");
      }
    }
    return true;
  }

  private static boolean isPrefix(byte[] prefix, byte[] all) {
    return prefix.length <= all.length
        && Arrays.equals(prefix, 0, prefix.length, all, 0, prefix.length);
  }

  private static FuzzTarget sealedResult() {
    byte[] data = noise(2000);
    HpkeKeyPair keys = HpkeKeyPair.generate(HpkeSuite.X25519, FuzzSamples.RANDOM);
    ByteArrayOutputStream file = new ByteArrayOutputStream();
    try (SealedResultWriter writer =
        SealedResultWriter.create(
            Channels.newChannel(file),
            new Bindings.Result(FuzzSamples.APP, "00112233445566778899aabbccddeeff", "summary"),
            "csv",
            "simulated",
            new TreeMap<>(Map.of("shop", keys.publicKey())),
            FuzzSamples.RANDOM)) {
      writer.write(ByteBuffer.wrap(data));
      var unused = writer.finish();
    }
    return new FuzzTarget(
        List.of(file.toByteArray()),
        bytes -> {
          ByteArrayOutputStream out = new ByteArrayOutputStream();
          long size =
              SealedResultReader.open(Channels.newChannel(new ByteArrayInputStream(bytes)))
                  .copyTo("shop", keys, Channels.newChannel(out));
          if (size != out.size() || !Arrays.equals(out.toByteArray(), data)) {
            throw new AssertionError("nobody sealed this result");
          }
          return true;
        });
  }

  private static byte[] noise(int count) {
    byte[] noise = new byte[count];
    FuzzSamples.RANDOM.nextBytes(noise);
    return noise;
  }

  /** Its other end has said everything already; what goes out is kept. */
  private static final class Socket implements ByteChannel {
    final ByteArrayOutputStream sent = new ByteArrayOutputStream();
    private final ByteBuffer incoming;

    Socket(byte[] incoming) {
      this.incoming = ByteBuffer.wrap(incoming);
    }

    /** The hello of a side, which it sends before it reads. */
    byte[] saysFirst(Secret key, boolean initiator) {
      try {
        var unused = RecordChannel.open(this, CONTEXT, key, new Fixed(2), initiator, RECORD_BYTES);
      } catch (io.parley.wire.ParleyException e) {
        return sent.toByteArray();
      }
      throw new AssertionError("a handshake with nobody");
    }

    @Override
    public int read(ByteBuffer to) {
      if (!incoming.hasRemaining()) {
        return -1;
      }
      int count = Math.min(to.remaining(), incoming.remaining());
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

  /** Every byte the same, so that a seed fits the next process too. */
  private static final class Fixed extends SecureRandom {
    private static final long serialVersionUID = 1L;
    private final int value;

    Fixed(int value) {
      this.value = value;
    }

    @Override
    public void nextBytes(byte[] bytes) {
      Arrays.fill(bytes, (byte) value);
    }
  }
}
