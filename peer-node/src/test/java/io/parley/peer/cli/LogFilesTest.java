package io.parley.peer.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.identity.SigningKey;
import io.parley.peer.witness.BrokerLog;
import io.parley.peer.witness.FakeLog;
import io.parley.peer.witness.LogWitness;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeHead;
import io.parley.tlog.TreeProofs;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A log that is exported, checked without its broker, and damaged. */
class LogFilesTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final int SIZE = 300;

  @TempDir Path folder;
  private final SigningKey key = SigningKey.generate(RANDOM);
  private final FakeLog log = filled(new FakeLog(key), SIZE, 0);

  /** Every third entry is somebody else's. */
  private LogSource source() {
    return new LogSource() {
      @Override
      public ByteString checkpoint() {
        return log.signed().encode();
      }

      @Override
      public List<ReadableEntry> entries(long start, long size) {
        List<ReadableEntry> entries = new ArrayList<>();
        for (int at = (int) start; at < Math.min(size, start + 256); at++) {
          ReadableEntry.Builder entry =
              ReadableEntry.newBuilder().setIndex(at).setLeafHash(log.leaves().get(at).value());
          if (at % 3 != 0) {
            entry.setEntry(log.entries().get(at));
          }
          entries.add(entry.build());
        }
        return entries;
      }
    };
  }

  @Test
  void anExportedLogIsWhole() throws IOException {
    export();
    LogAudit.Report report = audit(null).run(new LogDirectory(out()), entry -> {});
    assertThat(report.checkpoint().head()).isEqualTo(log.head());
    assertThat(report.read()).isEqualTo(200);
    assertThat(out().resolve(Tiles.path(0, 0, 256))).hasSize(8192);
    assertThat(out().resolve(Tiles.path(1, 0, 1))).hasSize(32);
    assertThat(out().resolve("entries/0")).doesNotExist();
  }

  @Test
  void noDamageOfAnExportedLogPasses() throws IOException {
    export();
    List<Path> files;
    try (Stream<Path> all = Files.walk(out())) {
      // Of the tiles those of level 0 are read; what is above follows from them.
      files =
          all.filter(Files::isRegularFile)
              .filter(file -> !file.toString().contains("tile/1"))
              .toList();
    }
    for (Path file : files.subList(0, Math.min(40, files.size()))) {
      byte[] whole = Files.readAllBytes(file);
      byte[] flipped = whole.clone();
      flipped[whole.length / 3] ^= 1;
      Files.write(file, flipped);
      assertDamaged(file);
      Files.write(file, java.util.Arrays.copyOf(whole, whole.length - 1));
      assertDamaged(file);
      Files.write(file, new byte[0]);
      assertDamaged(file);
      Files.write(file, whole);
    }
    Path tile = out().resolve(Tiles.path(0, 1, 44));
    Files.delete(tile);
    assertDamaged(tile);
  }

  @Test
  void whatTheNodeCosignedMustBeItsBeginning() throws IOException {
    witness(log).round();
    filled(log, 5, SIZE);
    assertThat(audit(state()).run(source(), entry -> {}).cosignedBefore()).isEqualTo(SIZE);
    log.setBackTo(SIZE - 1);
    refused(Reason.LOG_FORKED, () -> audit(state()).run(source(), entry -> {}));
    filled(log, 6, 10_000);
    refused(Reason.LOG_FORKED, () -> audit(state()).run(source(), entry -> {}));
  }

  @Test
  void aBrokerThatHidesSwapsOrInventsEntriesIsFound() {
    for (int lie = 0; lie < 4; lie++) {
      int which = lie;
      LogSource lying =
          new LogSource() {
            @Override
            public ByteString checkpoint() {
              return log.signed().encode();
            }

            @Override
            public List<ReadableEntry> entries(long start, long size) throws IOException {
              List<ReadableEntry> entries = new ArrayList<>(source().entries(start, size));
              ReadableEntry seventh = entries.get(7);
              switch (which) {
                case 0 -> entries.remove(7);
                case 1 ->
                    entries.set(7, seventh.toBuilder().setEntry(log.entries().get(8)).build());
                case 2 ->
                    entries.set(
                        7,
                        seventh.toBuilder()
                            .clearEntry()
                            .setLeafHash(log.leaves().get(8).value())
                            .build());
                default -> {
                  return List.of();
                }
              }
              return entries;
            }
          };
      refused(Reason.INVALID_PROOF, () -> audit(null).run(lying, entry -> {}));
    }
  }

  /** Full and other last tiles, one and several of them. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 255, 256, 257, 300, 511, 512, 513, 1000})
  void eachTileIsReadOnceForAllProofs(int size) throws IOException {
    log.setBackTo(0);
    filled(log, size, 0);
    List<Long> asked = new ArrayList<>();
    LogSource counted =
        new LogSource() {
          @Override
          public ByteString checkpoint() throws IOException {
            return source().checkpoint();
          }

          @Override
          public List<ReadableEntry> entries(long start, long of) throws IOException {
            asked.add(start);
            return source().entries(start, of);
          }
        };
    CheckedLog checked = CheckedLog.of(counted, audit(null));
    asked.clear();
    List<InclusionProof> proofs = checked.prove("");
    assertThat(asked)
        .isEqualTo(Stream.iterate(0L, at -> at < size, at -> at + Tiles.WIDTH).toList());
    assertThat(proofs).hasSize(size - (size + 2) / 3);
    TreeHead head = log.head();
    List<Digest> leaves = log.leaves();
    for (InclusionProof proof : proofs) {
      Digest leaf = leaves.get((int) proof.index());
      assertThat(TreeProofs.includes(head, proof.index(), leaf, proof.path()))
          .as("entry %d", proof.index())
          .isTrue();
    }
  }

  @Test
  void aFileOfProofsIsReadOneByOne() {
    List<InclusionProof> proofs =
        List.of(
            log.prove(0, log.signed()), log.prove(7, log.signed()), log.prove(299, log.signed()));
    ByteString file = ByteString.copyFrom(proofs.stream().map(InclusionProof::encode).toList());
    assertThat(ProofFile.split(file)).isEqualTo(proofs);
    assertThat(ProofFile.split(proofs.getFirst().encode())).hasSize(1);
    for (ByteString wrong :
        List.of(
            ByteString.EMPTY,
            file.substring(1),
            file.substring(0, file.size() - 1),
            file.concat(ByteString.copyFromUtf8("x\n")))) {
      assertThatThrownBy(() ->
              ProofFile.split(wrong)
                  .forEach(proof -> {
                    var _ = proof.verify(key.verifyingKey());
                  }))
          .isInstanceOf(RefusedException.class);
    }
  }

  private void export() throws IOException {
    LogExport export = new LogExport(out());
    export.finish(audit(null).run(source(), export::entry).checkpoint());
  }

  private void assertDamaged(Path file) {
    assertThatThrownBy(() -> audit(null).run(new LogDirectory(out()), entry -> {}))
        .as(file.toString())
        .isInstanceOf(RefusedException.class);
  }

  private LogAudit audit(@Nullable Path state) {
    return new LogAudit(key.verifyingKey(), new LogWitnesses(List.of(), state));
  }

  private LogWitness witness(BrokerLog of) {
    return new LogWitness(
        "hospital",
        SigningKey.generate(RANDOM),
        state(),
        key::verifyingKey,
        of,
        () -> Instant.EPOCH);
  }

  private static FakeLog filled(FakeLog log, int entries, int from) {
    for (int at = 0; at < entries; at++) {
      log.append(
          LogEntry.newBuilder()
              .setDecision(
                  Decision.newBuilder()
                      .setIndex(log.entries().size())
                      .setAction("job")
                      .setDetail("entry " + (from + at)))
              .build()
              .toByteString());
    }
    return log;
  }

  private static void refused(
      Reason reason, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ParleyException.class,
            failure -> assertThat(failure.reason()).as(failure.getMessage()).isEqualTo(reason));
  }

  private Path out() {
    return folder.resolve("out");
  }

  private Path state() {
    return folder.resolve("state");
  }
}
