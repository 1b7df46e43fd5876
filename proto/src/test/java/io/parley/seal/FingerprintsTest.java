package io.parley.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class FingerprintsTest {
  private static final byte[] DATA = data(600_000);

  private final Fingerprints fingerprints = new Fingerprints(SealFixtures.RANDOM);

  @Test
  void sameBytesInSamePieces_lookTheSame() {
    assertThat(pass(DATA, 100_000)).isEqualTo(pass(DATA, 100_000));
    assertThat(pass(DATA, Fingerprints.PIECE_BYTES_MAX))
        .isEqualTo(pass(DATA.clone(), Fingerprints.PIECE_BYTES_MAX));
    assertThat(pass(new byte[0], 1)).isEqualTo(pass(new byte[0], 1));
  }

  @Test
  void everyFlippedBit_looksDifferent() {
    byte[] data = data(70);
    Set<Digest> seen = new HashSet<>(Set.of(pass(data, 16)));
    for (int i = 0; i < data.length; i++) {
      for (int bit = 0; bit < 8; bit++) {
        data[i] ^= (byte) (1 << bit);
        assertThat(seen.add(pass(data, 16))).isTrue();
        data[i] ^= (byte) (1 << bit);
      }
    }
  }

  @Test
  void swappedPiecesAndOtherLengths_lookDifferent() {
    byte[] swapped = new byte[64];
    System.arraycopy(DATA, 0, swapped, 32, 32);
    System.arraycopy(DATA, 32, swapped, 0, 32);
    byte[] straight = java.util.Arrays.copyOf(DATA, 64);

    assertThat(pass(swapped, 32)).isNotEqualTo(pass(straight, 32));
    assertThat(pass(java.util.Arrays.copyOf(DATA, 63), 32)).isNotEqualTo(pass(straight, 32));
    assertThat(pass(java.util.Arrays.copyOf(DATA, 32), 32)).isNotEqualTo(pass(straight, 32));
    assertThat(pass(new byte[32], 32)).isNotEqualTo(pass(new byte[64], 32));
  }

  @Test
  void anotherKey_looksDifferent() {
    Fingerprints.Pass other = new Fingerprints(SealFixtures.RANDOM).start();
    other.update(ByteBuffer.allocateDirect(10));

    assertThat(other.finish()).isNotEqualTo(pass(new byte[10], 10));
  }

  @Test
  void pieceThatIsTooLong_isOurBug() {
    Fingerprints.Pass pass = fingerprints.start();

    assertThatThrownBy(
            () -> pass.update(ByteBuffer.allocateDirect(Fingerprints.PIECE_BYTES_MAX + 1)))
        .isInstanceOf(BugException.class);
  }

  private Digest pass(byte[] data, int pieceBytes) {
    Fingerprints.Pass pass = fingerprints.start();
    for (int at = 0; at < data.length; at += pieceBytes) {
      int length = Math.min(pieceBytes, data.length - at);
      pass.update(ByteBuffer.allocateDirect(length).put(data, at, length).flip());
    }
    return pass.finish();
  }

  private static byte[] data(int size) {
    byte[] data = new byte[size];
    new Random(size).nextBytes(data);
    return data;
  }
}
