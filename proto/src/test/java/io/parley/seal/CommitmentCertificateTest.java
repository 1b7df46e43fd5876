package io.parley.seal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class CommitmentCertificateTest {
  private static final ByteString FILE = ByteString.copyFromUtf8("a file, in one piece");
  private static final ByteString SALT = bytes(7);
  private static final Digest AGREEMENT = Digest.of(bytes(1));
  private static final Digest COMMITMENT = Digest.of(SALT.concat(FILE));
  private static final CommitmentCertificate.Context CONTEXT =
      new CommitmentCertificate.Context(AGREEMENT, "orders", SALT, FILE.size());

  private final Secret dataKey = Secret.random(32, SealFixtures.RANDOM);
  private final CommitmentCertificate certificate = certificate(FILE);

  @Test
  void opened_knowsCommitmentAndBytes() {
    CommitmentCertificate opened = open(seal()).orElseThrow();

    assertThat(opened.commitment()).isEqualTo(COMMITMENT);
    assertThat(opened.matches(pass(opened, FILE))).isTrue();
  }

  @Test
  void otherBytes_doNotMatch() {
    CommitmentCertificate opened = open(seal()).orElseThrow();

    for (int i = 0; i < FILE.size() * 8; i++) {
      assertThat(opened.matches(pass(opened, flipped(FILE, i)))).isFalse();
    }
    assertThat(opened.matches(pass(opened, FILE.substring(1)))).isFalse();
    assertThat(opened.matches(pass(opened, FILE.concat(bytes(0))))).isFalse();
    assertThat(opened.matches(opened.fingerprints().start())).isFalse();
  }

  @Test
  void aPassUnderAnotherKey_doesNotMatch() {
    CommitmentCertificate opened = open(seal()).orElseThrow();

    assertThat(opened.matches(pass(certificate(FILE), FILE))).isFalse();
  }

  @Test
  void everyFlippedBit_doesNotOpen() {
    ByteString sealed = seal();

    for (int i = 0; i < sealed.size() * 8; i++) {
      assertThat(open(flipped(sealed, i))).isEmpty();
    }
  }

  @Test
  void everyOtherLength_doesNotOpen() {
    ByteString sealed = seal();

    assertThat(sealed.size()).isEqualTo(CommitmentCertificate.SEALED_SIZE_BYTES).isEqualTo(124);
    for (int length = 0; length < sealed.size(); length++) {
      assertThat(open(sealed.substring(0, length))).isEmpty();
      assertThat(open(sealed.substring(sealed.size() - length))).isEmpty();
    }
    assertThat(open(sealed.concat(ByteString.copyFrom(new byte[1])))).isEmpty();
    assertThat(open(sealed.concat(sealed))).isEmpty();
  }

  @Test
  void underAnotherDataKey_doesNotOpen() {
    Secret otherEpoch = Secret.random(32, SealFixtures.RANDOM);

    assertThat(CommitmentCertificate.open(seal(), otherEpoch, CONTEXT)).isEmpty();
  }

  @Test
  void inAnotherContext_doesNotOpen() {
    ByteString sealed = seal();
    List<CommitmentCertificate.Context> others =
        List.of(
            new CommitmentCertificate.Context(Digest.of(bytes(2)), "orders", SALT, FILE.size()),
            new CommitmentCertificate.Context(AGREEMENT, "order", SALT, FILE.size()),
            new CommitmentCertificate.Context(AGREEMENT, "orders", bytes(8), FILE.size()),
            new CommitmentCertificate.Context(AGREEMENT, "orders", SALT, FILE.size() + 1));

    for (CommitmentCertificate.Context other : others) {
      assertThat(CommitmentCertificate.open(sealed, dataKey, other)).isEmpty();
    }
    assertThat(open(sealed)).isPresent();
  }

  @Test
  void sealedAgain_isAnotherAndNothingShows() {
    ByteString one = seal();
    ByteString other = seal();

    assertThat(one).isNotEqualTo(other);
    assertThat(one.substring(0, 12)).isNotEqualTo(other.substring(0, 12));
    assertThat(one.substring(12, 44)).isNotEqualTo(COMMITMENT.value());
    assertThat(open(one)).isPresent();
    assertThat(open(other)).isPresent();
  }

  @Test
  void aDataKeyThatWasWiped_isOurBug() {
    dataKey.close();

    assertThatThrownBy(this::seal).isInstanceOf(BugException.class);
  }

  private ByteString seal() {
    return certificate.seal(dataKey, CONTEXT, SealFixtures.RANDOM);
  }

  private Optional<CommitmentCertificate> open(ByteString sealed) {
    return CommitmentCertificate.open(sealed, dataKey, CONTEXT);
  }

  private static CommitmentCertificate certificate(ByteString file) {
    Fingerprints fingerprints = new Fingerprints(SealFixtures.RANDOM);
    Fingerprints.Pass pass = fingerprints.start();
    pass.update(direct(file));
    return new CommitmentCertificate(COMMITMENT, fingerprints, pass.finish());
  }

  private static Fingerprints.Pass pass(CommitmentCertificate certificate, ByteString file) {
    Fingerprints.Pass pass = certificate.fingerprints().start();
    pass.update(direct(file));
    return pass;
  }

  private static ByteBuffer direct(ByteString bytes) {
    ByteBuffer direct = ByteBuffer.allocateDirect(bytes.size());
    bytes.copyTo(direct);
    return direct.flip();
  }

  private static ByteString flipped(ByteString bytes, int bit) {
    byte[] flipped = bytes.toByteArray();
    flipped[bit / 8] ^= (byte) (1 << bit % 8);
    return ByteString.copyFrom(flipped);
  }

  private static ByteString bytes(int value) {
    byte[] bytes = new byte[32];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }
}
