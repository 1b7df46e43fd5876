package io.parley.broker.evidence.collateral;

import com.google.protobuf.ByteString;
import io.parley.wire.Recent;
import java.util.List;

/**
 * Collateral that came with evidence, as it was read before, by its exact bytes: every report of
 * one machine comes with the same, and reading it takes longer than checking the report.
 *
 * <p>Guarantee: remembers what bytes say, and nothing about whether it is true; whoever believes
 * any of it checks signatures, times and revocation anew. What cannot be read is not remembered.
 * Bounded: what was used least goes first. Thread-safe.
 */
public final class KnownCollateral {
  /** Machines times kinds, more or less. */
  static final int MOST = 32;

  /** Larger ones are read anew each time. */
  static final int BYTES_MAX = 128 << 10;

  private record Pieces(List<ByteString> certificates, List<ByteString> collateral) {
    Pieces {
      certificates = List.copyOf(certificates);
      collateral = List.copyOf(collateral);
    }

    long bytes() {
      return certificates.stream().mapToLong(ByteString::size).sum()
          + collateral.stream().mapToLong(ByteString::size).sum();
    }
  }

  private final Recent<Pieces, Collateral> known = new Recent<>(MOST);

  /**
   * What {@link Collateral#read} makes of both together.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when a piece cannot be read
   */
  public Collateral read(String what, List<ByteString> certificates, List<ByteString> collateral) {
    Pieces pieces = new Pieces(certificates, collateral);
    return pieces.bytes() > BYTES_MAX
        ? parse(what, pieces)
        : known.get(pieces, () -> parse(what, pieces));
  }

  private static Collateral parse(String what, Pieces pieces) {
    return Collateral.read(what, pieces.certificates())
        .and(Collateral.read(what, pieces.collateral()));
  }
}
