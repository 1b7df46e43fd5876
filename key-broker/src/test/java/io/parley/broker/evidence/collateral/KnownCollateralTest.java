package io.parley.broker.evidence.collateral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is remembered is what the very same bytes say, and no more of it than was meant to be. */
final class KnownCollateralTest {
  private static final List<ByteString> CHAIN =
      FakeAuthority.der(FakeAmd.vcek(SnpProduct.MILAN).chain());

  private final KnownCollateral known = new KnownCollateral();

  @Test
  void theSameBytesAreReadOnce() {
    Collateral first = known.read("test", CHAIN, List.of());
    assertThat(known.read("test", copies(CHAIN), List.of())).isSameAs(first);
    assertThat(first.certificates()).hasSize(CHAIN.size());
  }

  @Test
  void oneOtherByteIsAnotherChainAndWhatCannotBeReadNeverBecomesReadable() {
    Collateral good = known.read("test", CHAIN, List.of());
    ByteString leaf = CHAIN.getFirst();
    byte[] changed = leaf.toByteArray();
    changed[changed.length - 1] ^= 1;
    List<ByteString> other = new ArrayList<>(CHAIN);
    other.set(0, ByteString.copyFrom(changed));
    assertThat(known.read("test", other, List.of()).certificates().getFirst())
        .isNotEqualTo(good.certificates().getFirst());
    other.set(0, leaf.substring(1));
    for (int i = 0; i < 2; i++) {
      assertThatThrownBy(() -> known.read("test", other, List.of()))
          .isInstanceOf(RefusedException.class);
    }
    assertThat(known.read("test", CHAIN, List.of())).isEqualTo(good);
  }

  @Test
  void whereAPieceCameMakesADifference() {
    Collateral first = known.read("test", CHAIN, List.of());
    assertThat(known.read("test", List.of(), CHAIN)).isNotSameAs(first).isEqualTo(first);
  }

  @Test
  void itIsBoundedAndWhatWasUsedLeastGoesFirst() {
    Collateral kept = known.read("test", CHAIN, List.of());
    Collateral dropped = known.read("test", CHAIN.subList(0, 1), List.of());
    for (int i = 0; i < KnownCollateral.MOST - 1; i++) {
      assertThat(known.read("test", CHAIN, List.of())).isSameAs(kept);
      var _ = known.read("test", CHAIN, repeated(i));
    }
    assertThat(known.read("test", CHAIN, List.of())).isSameAs(kept);
    assertThat(known.read("test", CHAIN.subList(0, 1), List.of())).isNotSameAs(dropped);
  }

  private static List<ByteString> repeated(int number) {
    // Another list for each number.
    List<ByteString> more = new ArrayList<>();
    for (int i = 0; i <= number; i++) {
      more.add(CHAIN.get(i % CHAIN.size()));
    }
    return more;
  }

  private static List<ByteString> copies(List<ByteString> all) {
    return all.stream().map(each -> ByteString.copyFrom(each.toByteArray())).toList();
  }
}
