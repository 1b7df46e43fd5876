package io.parley.evidence;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.seal.Mangler;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.security.SecureRandom;
import java.util.Random;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;

/**
 * Bytes that somebody mangled: refused, or taken for exactly what they say; never anything else.
 */
class EvidenceFuzzTest {
  private static final int ROUNDS = 5_000;

  @AutoClose private final SigningKey platform = SigningKey.generate(new SecureRandom());

  private final ByteString document =
      SimulatedEvidence.sign(
          platform::sign,
          ReportData.of(ClaimsTest.CLAIMS.encode()),
          Digest.of(new byte[] {4}),
          "bwrap");

  @FunctionalInterface
  private interface Encoding {
    /** The bytes of what was parsed. */
    ByteString parseAndEncode(ByteString bytes);
  }

  @Test
  void mangledClaims_haveOneMeaningOrNone() {
    int taken = mangle(ClaimsTest.CLAIMS.encode(), bytes -> Claims.parse(bytes).encode());

    // A flipped nonce is another nonce: some must pass, or this test would prove nothing.
    assertThat(taken).isPositive();
  }

  @Test
  void mangledEvidence_hasOneMeaningOrNone() {
    Evidence evidence = new Evidence(Evidence.SIMULATED, ClaimsTest.CLAIMS.encode(), document);

    int taken = mangle(evidence.encode(), bytes -> Evidence.parse(bytes).encode());

    assertThat(taken).isPositive();
  }

  @Test
  void mangledEvidence_hasAnotherDigest() {
    Evidence evidence = new Evidence(Evidence.SIMULATED, ClaimsTest.CLAIMS.encode(), document);
    Random random = new Random(3);
    for (int i = 0; i < ROUNDS; i++) {
      try {
        Evidence parsed = Evidence.parse(Mangler.mangle(evidence.encode(), random));
        assertThat(parsed.digest()).isNotEqualTo(evidence.digest());
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  @Test
  void mangledSimulatedDocument_isNeverSignedByThePlatform() {
    Random random = new Random(4);
    for (int i = 0; i < ROUNDS / 4; i++) {
      try {
        SimulatedEvidence parsed = SimulatedEvidence.parse(Mangler.mangle(document, random));
        assertThat(parsed.isSignedBy(platform.verifyingKey()::verify)).isFalse();
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
  }

  @Test
  void randomBytes_areRefused() {
    Random random = new Random(5);
    for (int i = 0; i < ROUNDS; i++) {
      byte[] bytes = new byte[1 + random.nextInt(300)];
      random.nextBytes(bytes);
      assertRefused(ByteString.copyFrom(bytes), b -> Claims.parse(b).encode());
      assertRefused(ByteString.copyFrom(bytes), b -> Evidence.parse(b).encode());
      assertRefused(ByteString.copyFrom(bytes), b -> SimulatedEvidence.parse(b).launch().encode());
    }
  }

  private static int mangle(ByteString bytes, Encoding encoding) {
    Random random = new Random(6);
    int taken = 0;
    for (int i = 0; i < ROUNDS; i++) {
      ByteString mangled = Mangler.mangle(bytes, random);
      try {
        assertThat(encoding.parseAndEncode(mangled)).isEqualTo(mangled);
        taken++;
      } catch (RefusedException e) {
        assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
      }
    }
    return taken;
  }

  private static void assertRefused(ByteString bytes, Encoding encoding) {
    try {
      ByteString unexpected = encoding.parseAndEncode(bytes);
      throw new AssertionError("random bytes were taken for " + unexpected);
    } catch (RefusedException e) {
      assertThat(e.reason()).isEqualTo(Reason.INVALID_EVIDENCE);
    }
  }
}
