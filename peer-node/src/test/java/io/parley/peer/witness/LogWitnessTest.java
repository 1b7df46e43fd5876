package io.parley.peer.witness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Witness;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LogWitnessTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final Instant NOW = Instant.ofEpochSecond(1_790_000_000);

  @TempDir Path state;
  private final SigningKey brokerKey = SigningKey.generate(RANDOM);
  private final SigningKey witnessKey = SigningKey.generate(RANDOM);
  private final Witness witness = Witness.of("hospital", witnessKey.verifyingKey());
  private final FakeLog log = new FakeLog(brokerKey);

  @Test
  void theFirstTimeItCosignsWhatThereIs() {
    log.append("one", "two");
    witness(log).round();
    assertThat(log.presented).containsExactly(ByteString.EMPTY);
    assertThat(log.cosigned).hasSize(1);
    SignedCheckpoint cosigned =
        SignedCheckpoint.verify(log.cosigned.getFirst(), brokerKey.verifyingKey());
    assertThat(witness.cosignedAt(cosigned)).contains(NOW);
    assertThat(cosigned.head()).isEqualTo(log.head());
    assertThat(files().cosigned()).map(SignedCheckpoint::encode).contains(cosigned.encode());
  }

  @Test
  void itShowsWhatItCosignedAlsoAfterARestartAndGoesOn() {
    log.append("one", "two");
    witness(log).round();
    log.append("three");
    witness(log).round();
    assertThat(log.presented.getLast()).isEqualTo(log.cosigned.getFirst());
    assertThat(log.cosigned).hasSize(2);
    witness(log).round();
    assertThat(log.cosigned).as("nothing new, nothing to cosign").hasSize(2);
  }

  @Test
  void aLogThatIsSetBackIsProvenAndRefusedFromThenOn() throws Exception {
    log.append("one", "two", "three");
    LogWitness witness = witness(log);
    witness.round();
    SignedCheckpoint seen = files().cosigned().orElseThrow();
    log.setBackTo(2);
    refused(witness);
    assertProof(seen, log.signed());
    assertThat(log.cosigned).hasSize(1);
    // Whatever it says later, and whoever asks.
    log.append("three", "four");
    refused(witness(log));
    assertThatThrownBy(() -> witness(log).requireUnforked()).isInstanceOf(RefusedException.class);
    Files.move(files().forkFolder(), state.resolve("decided"));
    witness(log).round();
    witness(log).requireUnforked();
  }

  @Test
  void aForkIsFoundByTheWitnessAloneToo() throws Exception {
    log.append("one", "two", "three");
    LogWitness witness = witness(log);
    witness.round();
    SignedCheckpoint seen = files().cosigned().orElseThrow();
    // A broker whose own check has been taken out, and that makes up a proof.
    FakeLog other = new FakeLog(brokerKey).append("one", "another", "three", "four");
    refused(witness(lying(other, other.consistency(3, 4))));
    assertProof(seen, other.signed());
  }

  @Test
  void aForkOfTheSameSizeIsFound() throws Exception {
    log.append("one", "two");
    witness(log).round();
    SignedCheckpoint seen = files().cosigned().orElseThrow();
    FakeLog other = new FakeLog(brokerKey).append("one", "another");
    refused(witness(lying(other, List.of())));
    assertProof(seen, other.signed());
  }

  @Test
  void aBrokerThatDeniesATreeThatItShowedIsFound() {
    log.append("one", "two");
    witness(log).round();
    log.append("three");
    BrokerLog denying =
        new Delegate(log) {
          @Override
          public List<Digest> consistency(long from, long to) {
            throw new RefusedException(Reason.INVALID_REQUEST, "no such tree");
          }
        };
    refused(witness(denying));
  }

  @Test
  void anUnreachableBrokerIsNoForked() {
    log.append("one", "two");
    witness(log).round();
    log.append("three");
    BrokerLog away =
        new Delegate(log) {
          @Override
          public List<Digest> consistency(long from, long to) {
            throw new EnvironmentException(Reason.BROKER_UNAVAILABLE, "gone");
          }
        };
    assertThatThrownBy(() -> witness(away).round()).isInstanceOf(EnvironmentException.class);
    witness(log).requireUnforked();
    witness(log).round();
    assertThat(log.cosigned).hasSize(2);
  }

  @Test
  void whatAnotherBrokerSignedIsNotCosigned() {
    FakeLog foreign = new FakeLog(SigningKey.generate(RANDOM)).append("one");
    ParleyException failure =
        catchThrowableOfType(
            ParleyException.class, () -> witness(lying(foreign, List.of())).round());
    assertThat(failure.reason()).isEqualTo(Reason.INVALID_SIGNATURE);
    assertThat(files().cosigned()).isEmpty();
  }

  @Test
  void theCheckpointIsOnDiskBeforeTheCosignatureLeaves() {
    log.append("one");
    BrokerLog dying =
        new Delegate(log) {
          @Override
          public void addCosignature(ByteString checkpoint) {
            assertThat(files().cosigned()).map(SignedCheckpoint::encode).contains(checkpoint);
            throw new EnvironmentException(Reason.BROKER_UNAVAILABLE, "killed");
          }
        };
    assertThatThrownBy(() -> witness(dying).round()).hasMessage("killed");
    log.setBackTo(0).append("another");
    refused(witness(log));
  }

  @Test
  void aDamagedMemoryCosignsNothing() throws Exception {
    log.append("one");
    witness(log).round();
    Path file = state.resolve("witness").resolve(brokerKey.verifyingKey().digest().hex());
    byte[] note = Files.readAllBytes(file.resolve("cosigned.checkpoint"));
    for (int at = 0; at < note.length; at += 5) {
      byte[] flipped = note.clone();
      flipped[at] ^= 1;
      Files.write(file.resolve("cosigned.checkpoint"), flipped);
      log.append("more");
      try {
        witness(log).round();
        // The one part that the broker did not sign is this witness's own cosignature.
        assertThat(at).isGreaterThan(new String(note, "UTF-8").indexOf("witness/"));
      } catch (EnvironmentException e) {
        assertThat(e).hasMessageContaining("is damaged");
      }
    }
    assertThat(log.calls.stream().filter("present"::equals).count()).isGreaterThan(1);
  }

  private LogWitness witness(BrokerLog of) {
    return new LogWitness("hospital", witnessKey, state, brokerKey::verifyingKey, of, () -> NOW);
  }

  private WitnessFiles files() {
    return WitnessFiles.of(state, brokerKey.verifyingKey());
  }

  private void assertProof(SignedCheckpoint seen, SignedCheckpoint shown) throws Exception {
    assertThat(Files.readAllBytes(files().forkFolder().resolve("seen.checkpoint")))
        .isEqualTo(seen.encode().toByteArray());
    assertThat(Files.readAllBytes(files().forkFolder().resolve("shown.checkpoint")))
        .isEqualTo(shown.encode().toByteArray());
  }

  private static void refused(LogWitness witness) {
    ParleyException failure = catchThrowableOfType(ParleyException.class, () -> witness.round());
    assertThat(failure).isNotNull();
    assertThat(failure.reason()).isEqualTo(Reason.LOG_FORKED);
  }

  /** Says yes to everything. */
  private static BrokerLog lying(FakeLog log, List<Digest> proof) {
    return new Delegate(log) {
      @Override
      public void present(ByteString checkpoint) {}

      @Override
      public List<Digest> consistency(long from, long to) {
        return proof;
      }
    };
  }

  private static class Delegate implements BrokerLog {
    private final BrokerLog log;

    Delegate(BrokerLog log) {
      this.log = log;
    }

    @Override
    public void present(ByteString checkpoint) {
      log.present(checkpoint);
    }

    @Override
    public ByteString checkpoint(long cosignedSize) {
      return log.checkpoint(cosignedSize);
    }

    @Override
    public List<Digest> consistency(long from, long to) {
      return log.consistency(from, to);
    }

    @Override
    public void addCosignature(ByteString checkpoint) {
      log.addCosignature(checkpoint);
    }
  }
}
