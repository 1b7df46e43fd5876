package io.parley.seal;

import com.google.protobuf.ByteString;
import java.util.Random;

/** Changes bytes as a hostile host, or a bad disk, might. Always to something else. */
public final class Mangler {
  private static final int MAX_CHANGES = 3;

  private Mangler() {}

  /** One to three changes: a bit, a byte, a piece cut out, repeated, moved, or made up. */
  public static ByteString mangle(ByteString bytes, Random random) {
    ByteString mangled = bytes;
    do {
      int changes = 1 + random.nextInt(MAX_CHANGES);
      for (int i = 0; i < changes; i++) {
        mangled = change(mangled, random);
      }
    } while (mangled.equals(bytes));
    return mangled;
  }

  private static ByteString change(ByteString bytes, Random random) {
    int size = bytes.size();
    int from = random.nextInt(size + 1);
    int to = from + random.nextInt(Math.min(64, size - from) + 1);
    ByteString head = bytes.substring(0, from);
    ByteString piece = bytes.substring(from, to);
    ByteString tail = bytes.substring(to);
    return switch (random.nextInt(6)) {
      case 0 -> flip(bytes, random);
      case 1 -> head.concat(tail);
      case 2 -> head.concat(piece).concat(piece).concat(tail);
      case 3 -> tail.concat(piece).concat(head);
      case 4 -> head.concat(madeUp(random)).concat(tail);
      default -> head.concat(madeUp(random)).concat(piece).concat(tail);
    };
  }

  private static ByteString flip(ByteString bytes, Random random) {
    if (bytes.isEmpty()) {
      return bytes;
    }
    byte[] copy = bytes.toByteArray();
    copy[random.nextInt(copy.length)] ^= (byte) (1 << random.nextInt(8));
    return ByteString.copyFrom(copy);
  }

  private static ByteString madeUp(Random random) {
    byte[] bytes = new byte[random.nextInt(1, 16)];
    random.nextBytes(bytes);
    return ByteString.copyFrom(bytes);
  }
}
