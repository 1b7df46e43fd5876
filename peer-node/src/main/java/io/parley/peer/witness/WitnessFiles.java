package io.parley.peer.witness;

import io.parley.identity.VerifyingKey;
import io.parley.tlog.CheckpointFiles;
import io.parley.tlog.SignedCheckpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What a witness must never forget, one folder per broker key: the checkpoint that it last
 * cosigned, and, when the broker's log turned out to be another, the two checkpoints that prove it.
 *
 * <p>Guarantee: what was written is on disk when the call returns.
 */
public final class WitnessFiles {
  private static final String COSIGNED = "cosigned.checkpoint";
  private static final String FORKED = "forked";
  private static final String SEEN = "seen.checkpoint";
  private static final String SHOWN = "shown.checkpoint";

  private final Path folder;
  private final VerifyingKey broker;

  private WitnessFiles(Path folder, VerifyingKey broker) {
    this.folder = folder;
    this.broker = broker;
  }

  /**
   * Those for the broker of this key.
   *
   * @param state the node's folder for its state
   */
  public static WitnessFiles of(Path state, VerifyingKey broker) {
    return new WitnessFiles(state.resolve("witness").resolve(broker.digest().hex()), broker);
  }

  /**
   * What was last cosigned; empty when nothing was.
   *
   * @throws io.parley.wire.EnvironmentException IO_FAILED when the file is damaged: then nothing
   *     may be cosigned, because nobody knows what was
   */
  public Optional<SignedCheckpoint> cosigned() {
    return CheckpointFiles.read(folder.resolve(COSIGNED), broker);
  }

  void cosigned(SignedCheckpoint checkpoint) {
    CheckpointFiles.write(folder.resolve(COSIGNED), checkpoint);
  }

  /** Where the proof of a fork is, when there is one. */
  Path forkFolder() {
    return folder.resolve(FORKED);
  }

  boolean isForked() {
    return Files.exists(forkFolder());
  }

  /** Keeps both checkpoints; the first proof stays. */
  void forked(SignedCheckpoint seen, SignedCheckpoint shown) {
    if (!isForked()) {
      CheckpointFiles.write(forkFolder().resolve(SEEN), seen);
      CheckpointFiles.write(forkFolder().resolve(SHOWN), shown);
    }
  }
}
