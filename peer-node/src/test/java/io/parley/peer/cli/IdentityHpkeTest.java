package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.identity.PartyIdentity;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IdentityHpkeTest {
  @TempDir Path home;

  @Test
  void resultsAreSealedWithXWingUnlessToldOtherwise() {
    Captured created = Captured.run(home, "identity", "create", "--party", "hospital").ok();

    assertThat(created.out()).containsPattern("result key *xwing");
    assertThat(suite()).isEqualTo(HpkeSuite.XWING);
  }

  @Test
  void x25519CanBeChosen() {
    Captured created =
        Captured.run(home, "identity", "create", "--party", "hospital", "--hpke", "x25519").ok();

    assertThat(created.out()).containsPattern("result key *x25519");
    assertThat(suite()).isEqualTo(HpkeSuite.X25519);
  }

  @Test
  void anotherSuiteIsRefusedAndNothingIsMade() {
    Captured refused =
        Captured.run(home, "identity", "create", "--party", "hospital", "--hpke", "rsa");

    assertThat(refused.code()).isEqualTo(2);
    assertThat(refused.err()).contains("--hpke", "rsa");
    assertThat(home).isEmptyDirectory();
  }

  private HpkeSuite suite() {
    try (HpkeKeyPair key = PartyIdentity.loadResultKey(home.resolve("identity"))) {
      return key.publicKey().suite();
    }
  }
}
