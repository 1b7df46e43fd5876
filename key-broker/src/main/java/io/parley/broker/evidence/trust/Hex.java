package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import java.util.HexFormat;

/** Bytes as people compare them. */
public final class Hex {
  private Hex() {}

  /** Lower-case digits. */
  public static String of(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }

  /**
   * From digits of either case.
   *
   * @throws IllegalArgumentException when there is anything else
   */
  public static ByteString parse(String digits) {
    return ByteString.copyFrom(HexFormat.of().parseHex(digits));
  }
}
