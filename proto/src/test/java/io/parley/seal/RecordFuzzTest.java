package io.parley.seal;

import static io.parley.seal.Scripted.CONTEXT;
import static io.parley.seal.Scripted.acceptor;
import static io.parley.seal.Scripted.initiatorSays;
import static io.parley.seal.Scripted.receiveAll;
import static io.parley.seal.Scripted.split;
import static io.parley.seal.SealFixtures.key;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.wire.RefusedException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Seeded storms over the record layer: whatever is done to a stream, nothing wrong comes out. */
class RecordFuzzTest {
  private static final Secret KEY = key(1);
  private static final byte[] DATA = data();

  private final byte[] transcript = initiatorSays(CONTEXT, KEY, RecordFuzzTest::say);

  private static byte[] data() {
    byte[] data = new byte[900];
    new Random(1).nextBytes(data);
    return data;
  }

  private static void say(RecordSender sender) {
    Random sizes = new Random(2);
    ByteBuffer rest = ByteBuffer.wrap(DATA);
    while (rest.hasRemaining()) {
      ByteBuffer piece = rest.slice();
      piece.limit(Math.min(piece.capacity(), 1 + sizes.nextInt(64)));
      rest.position(rest.position() + piece.limit());
      sender.write(piece);
      sender.flush();
    }
    sender.finish();
  }

  @Test
  void mangledStream_isNeverTakenForWhole() {
    Random random = new Random(3);
    for (int i = 0; i < 4_000; i++) {
      byte[] mangled = Mangler.mangle(ByteString.copyFrom(transcript), random).toByteArray();
      // What follows a whole stream is never looked at, so it may be anything.
      if (!startsWith(mangled, transcript)) {
        assertPrefixThenRefusal(mangled);
      }
    }
  }

  @Test
  void shuffledRecords_areNeverTakenForWhole() {
    Random random = new Random(4);
    List<byte[]> parts = split(transcript);
    for (int i = 0; i < 2_000; i++) {
      List<byte[]> records = new ArrayList<>(parts.subList(1, parts.size()));
      Collections.swap(records, random.nextInt(records.size()), random.nextInt(records.size()));
      records.add(0, parts.getFirst());
      byte[] shuffled = Scripted.join(records);
      if (!Arrays.equals(shuffled, transcript)) {
        assertPrefixThenRefusal(shuffled);
      }
    }
  }

  @Test
  void recordsOfTwoConnections_neverMix() {
    byte[] other =
        initiatorSays(
            new ChannelContext(
                CONTEXT.agreement(),
                CONTEXT.job(),
                CONTEXT.initiator(),
                CONTEXT.acceptor(),
                "dataset/other"),
            KEY,
            RecordFuzzTest::say);
    List<byte[]> ours = split(transcript);
    List<byte[]> theirs = split(other);
    Random random = new Random(5);
    for (int i = 0; i < 2_000; i++) {
      List<byte[]> mixed = new ArrayList<>(ours);
      int at = 1 + random.nextInt(mixed.size() - 1);
      mixed.set(at, theirs.get(at));
      assertPrefixThenRefusal(Scripted.join(mixed));
    }
  }

  @Test
  void randomBytesAfterTheHandshake_areRefused() {
    Random random = new Random(6);
    byte[] hello = split(transcript).getFirst();
    for (int i = 0; i < 5_000; i++) {
      byte[] noise = new byte[1 + random.nextInt(200)];
      random.nextBytes(noise);
      assertPrefixThenRefusal(Scripted.join(List.of(hello, noise)));
    }
  }

  /** What came out before the refusal is the beginning of what went in. */
  private static void assertPrefixThenRefusal(byte[] incoming) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    boolean refused = false;
    try {
      RecordReceiver receiver = acceptor(incoming, KEY).receiver();
      while (receiver.receive()) {
        byte[] bytes = new byte[receiver.buffer().remaining()];
        receiver.buffer().get(bytes);
        out.writeBytes(bytes);
      }
    } catch (RefusedException e) {
      refused = true;
    }
    assertThat(refused).isTrue();
    assertThat(startsWith(DATA, out.toByteArray())).isTrue();
  }

  @Test
  void theStormsStartFromAStreamThatIsWhole() {
    assertThat(receiveAll(acceptor(transcript, KEY).receiver())).isEqualTo(DATA);
  }

  private static boolean startsWith(byte[] bytes, byte[] prefix) {
    return bytes.length >= prefix.length
        && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
  }
}
