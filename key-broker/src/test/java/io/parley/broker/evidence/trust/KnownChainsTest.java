package io.parley.broker.evidence.trust;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.wire.RefusedException;
import java.util.Base64;
import org.junit.jupiter.api.Test;

final class KnownChainsTest {
  private final KnownChains known = new KnownChains(1);

  @Test
  void theSameBytesAreReadOnceAndOthersAnew() throws Exception {
    ByteString one = pem("CN=one");
    ByteString other = pem("CN=other");
    var first = known.read("chain", one);
    assertThat(first.getFirst().getSubjectX500Principal().getName()).isEqualTo("CN=one");
    assertThat(known.read("chain", ByteString.copyFrom(one.toByteArray()))).isSameAs(first);
    assertThat(known.read("chain", other).getFirst().getSubjectX500Principal().getName())
        .isEqualTo("CN=other");
    // There was room for one.
    assertThat(known.read("chain", one)).isNotSameAs(first).isEqualTo(first);
  }

  @Test
  void whatCannotBeReadIsRefusedEachTime() throws Exception {
    ByteString good = pem("CN=one");
    var unused = known.read("chain", good);
    for (ByteString bad : new ByteString[] {good.concat(good.substring(0, 1)), good.substring(1)}) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> known.read("chain", bad)).isInstanceOf(RefusedException.class);
      }
    }
  }

  private static ByteString pem(String name) throws Exception {
    byte[] der = FakeAuthority.root(name, FakeAuthority.ec("secp256r1")).certificate().getEncoded();
    return ByteString.copyFrom(
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der)),
        US_ASCII);
  }
}
