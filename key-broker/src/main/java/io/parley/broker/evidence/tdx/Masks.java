package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Octets;

/** Attributes of which only some bits count. */
final class Masks {
  private Masks() {}

  static ByteString and(ByteString value, ByteString mask) {
    if (value.size() != mask.size()) {
      throw Octets.malformed("collateral", "mask", "is not %d bytes".formatted(value.size()));
    }
    byte[] masked = new byte[value.size()];
    for (int i = 0; i < masked.length; i++) {
      masked[i] = (byte) (value.byteAt(i) & mask.byteAt(i));
    }
    return ByteString.copyFrom(masked);
  }
}
