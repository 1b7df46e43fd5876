package io.parley.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.util.concurrent.Uninterruptibles;
import io.parley.agreement.Party;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.FaultPoints;
import io.parley.broker.store.Store;
import io.parley.identity.PartyIdentity;
import io.parley.identity.SigningKey;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Comparison;
import io.parley.proto.broker.v1.ReadableEntry;
import io.parley.tlog.InclusionProof;
import io.parley.tlog.MerkleTree;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Tiles;
import io.parley.tlog.TreeEdge;
import io.parley.tlog.TreeProofs;
import io.parley.transport.Channels;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditLogTest {
  private static final SecureRandom RANDOM = new SecureRandom();
  private static final SigningKey BROKER = SigningKey.generate(RANDOM);
  private static final Party HOSPITAL =
      PartyIdentity.generate("hospital", () -> Instant.EPOCH, RANDOM).party();

  @TempDir Path folder;
  private Store store;
  private AuditLog log;
  private LogKeeper keeper;
  private boolean isOpen;

  @BeforeEach
  void fill() {
    open("key");
    for (int i = 1; i <= 5; i++) {
      append("entry " + i);
    }
  }

  private void open(String sealKey) {
    log =
        new AuditLog(
            () -> Instant.EPOCH, RANDOM, BROKER, TestLog.sealBy(sealKey), FaultPoints.NONE);
    store = Store.open(database(), log, FaultPoints.NONE, new TreeMigration(log, BROKER, RANDOM));
    try {
      keeper = LogKeeper.open(log, store, files(), FaultPoints.NONE);
      isOpen = true;
    } catch (RuntimeException e) {
      store.close();
      throw e;
    }
  }

  @AfterEach
  void close() {
    if (isOpen) {
      isOpen = false;
      keeper.close();
      store.close();
    }
  }

  private void reopen() {
    close();
    open("key");
  }

  @Test
  void anEmptyLogIsWholeAndHasACheckpoint() {
    close();
    assertThat(database().toFile().delete()).isTrue();
    assertThatThrownBy(() -> open("key"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("it was set back");
    assertThat(files().resolve("checkpoint").toFile().delete()).isTrue();
    open("key");
    assertThat(log.checkpoint().head().size()).isZero();
  }

  @Test
  void theTreeIsThatOfTheExactBytes() {
    TreeEdge edge = TreeEdge.EMPTY;
    for (ReadableEntry entry : new LogReader(store, log).entries(HOSPITAL, 0, 256)) {
      Digest leaf = MerkleTree.leaf(entry.getEntry());
      assertThat(leaf.value()).isEqualTo(entry.getLeafHash());
      edge = edge.append(leaf);
    }
    assertThat(edge.head()).isEqualTo(log.checkpoint().head());
    SignedCheckpoint before = log.checkpoint();
    reopen();
    assertThat(log.checkpoint().encode()).isEqualTo(before.encode());
  }

  @Test
  void everyEntryHasAProofAndEveryEarlierTreeToo() {
    List<SignedCheckpoint> all = new ArrayList<>();
    store.write(write -> {
      for (int i = 0; i < 600; i++) {
        log.append(write, Decision.about(Action.HALT, "hospital", null, "", "many " + i));
      }
      return true;
    });
    LogReader reader = new LogReader(store, log);
    for (long index : List.of(0L, 4L, 5L, 255L, 256L, 511L, 512L, 604L)) {
      InclusionProof proof = InclusionProof.parse(reader.prove(index).encode());
      assertThat(proof.index()).isEqualTo(index);
      all.add(proof.verify(BROKER.verifyingKey()));
    }
    assertThat(all).allSatisfy(it -> assertThat(it.head()).isEqualTo(log.checkpoint().head()));
    for (long size : List.of(0L, 1L, 5L, 256L, 300L, 512L, 605L)) {
      List<Digest> proof =
          store.read(read -> TreeProofs.consistency(LogRows.tree(read), size, 605));
      assertThat(
              TreeProofs.consistent(
                  new io.parley.tlog.TreeHead(
                      size, store.read(read -> TreeProofs.root(LogRows.tree(read), size))),
                  log.checkpoint().head(),
                  proof))
          .isTrue();
    }
    reopen();
    assertThat(log.checkpoint().head().size()).isEqualTo(605);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE log_entry SET entry = x'00' WHERE idx = 3",
        "UPDATE log_entry SET leaf = zeroblob(32) WHERE idx = 4",
        "UPDATE log_entry SET party = 'insurer' WHERE idx = 2",
        "UPDATE log_entry SET everyone = 1 WHERE idx = 2",
        "UPDATE log_entry SET job_id = 'x' WHERE idx = 2",
        "UPDATE log_entry SET comparison = x'00', comparison_salt = x'00' WHERE idx = 2",
        "DELETE FROM log_entry WHERE idx = 3",
        "DELETE FROM log_entry WHERE idx = 4",
        "DELETE FROM log_entry WHERE idx >= 0",
        "UPDATE log_entry SET idx = 9 WHERE idx = 4",
        "INSERT INTO log_node VALUES (1, 0, zeroblob(32))",
        "DELETE FROM log_checkpoint WHERE only = 1",
        "UPDATE log_checkpoint SET note = x'00'",
        "UPDATE log_checkpoint SET mac = zeroblob(32)"
      })
  void whatIsChangedBehindItsBackIsFound(String change) {
    withoutTriggers(change);
    assertThatThrownBy(this::reopen)
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("log of decisions is broken");
  }

  @Test
  void nodesThatWereChangedAreFound() {
    store.write(write -> {
      for (int i = 0; i < 300; i++) {
        log.append(write, Decision.about(Action.HALT, "hospital", null, "", "many"));
      }
      return true;
    });
    withoutTriggers("UPDATE log_node SET hash = zeroblob(32)");
    assertThatThrownBy(this::reopen).hasMessageContaining("node 0 of level 1 was changed");
  }

  @Test
  void aLogRewrittenAsAWholeWithoutTheMasterSecretIsFound() {
    close();
    assertThatThrownBy(() -> open("another")).hasMessageContaining("not this broker's");
  }

  @Test
  void aLogOfAnotherBrokerKeyIsFound() {
    close();
    SigningKey other = SigningKey.generate(RANDOM);
    AuditLog foreign = TestLog.log(other);
    try (Store opened =
        Store.open(
            database(), foreign, FaultPoints.NONE, new TreeMigration(foreign, other, RANDOM))) {
      assertThatThrownBy(
              () -> LogKeeper.open(foreign, opened, folder.resolve("elsewhere"), FaultPoints.NONE))
          .hasMessageContaining("last checkpoint is wrong");
    }
  }

  @Test
  void anOlderDatabaseInItsPlaceIsFound() throws Exception {
    close();
    byte[] older = Files.readAllBytes(database());
    open("key");
    append("entry 6");
    close();
    Files.write(database(), older);
    assertThatThrownBy(() -> open("key"))
        .isInstanceOfSatisfying(
            ParleyException.class, e -> assertThat(e.reason()).isEqualTo(Reason.LOG_FORKED))
        .hasMessageContaining("it was set back");
  }

  @Test
  void aForkOfTheSameLengthIsFound() throws Exception {
    close();
    byte[] older = Files.readAllBytes(database());
    Path checkpoint = files().resolve("checkpoint");
    open("key");
    append("one way");
    close();
    byte[] signed = Files.readAllBytes(checkpoint);
    Files.write(database(), older);
    Files.delete(checkpoint);
    open("key");
    append("another way");
    close();
    Files.write(checkpoint, signed);
    assertThatThrownBy(() -> open("key"))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("are not those that this broker signed");
    Files.delete(checkpoint);
    open("key");
  }

  @Test
  void aDamagedCheckpointFileIsNotServedWith() throws Exception {
    close();
    Path checkpoint = files().resolve("checkpoint");
    byte[] whole = Files.readAllBytes(checkpoint);
    for (int at = 0; at < whole.length; at += 7) {
      byte[] flipped = whole.clone();
      flipped[at] ^= 4;
      Files.write(checkpoint, flipped);
      assertThatThrownBy(() -> open("key")).hasMessageContaining("is damaged");
    }
    Files.write(checkpoint, whole);
    open("key");
  }

  @Test
  void tilesThatAreMissingOrDamagedAreMadeAnew() throws Exception {
    store.write(write -> {
      for (int i = 0; i < 300; i++) {
        log.append(write, Decision.about(Action.HALT, "hospital", null, "", "many"));
      }
      return true;
    });
    close();
    List<String> paths =
        List.of(
            Tiles.path(0, 0, 256),
            Tiles.path(0, 1, 49),
            Tiles.path(1, 0, 1),
            Tiles.entriesPath(0, 256),
            Tiles.entriesPath(1, 49));
    List<byte[]> whole = new ArrayList<>();
    for (String path : paths) {
      whole.add(Files.readAllBytes(files().resolve(path)));
    }
    assertThat(whole.get(0)).hasSize(8192);
    assertThat(Tiles.path(0, 1, 1)).isEqualTo("tile/0/001.p/1");
    try (var partial = Files.list(files().resolve("tile/0/001.p"))) {
      assertThat(partial).as("narrower partial tiles are gone").hasSize(1);
    }
    for (int damage = 0; damage < paths.size(); damage++) {
      Path file = files().resolve(paths.get(damage));
      byte[] flipped = whole.get(damage).clone();
      flipped[flipped.length / 2] ^= 1;
      Files.write(file, flipped);
    }
    open("key");
    close();
    for (int i = 0; i < paths.size(); i++) {
      assertThat(files().resolve(paths.get(i))).hasBinaryContent(whole.get(i));
      Files.delete(files().resolve(paths.get(i)));
    }
    open("key");
    for (int i = 0; i < paths.size(); i++) {
      assertThat(files().resolve(paths.get(i))).hasBinaryContent(whole.get(i));
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE log_entry SET entry = x'00'",
        "DELETE FROM log_entry",
        "UPDATE log_checkpoint SET size = 1"
      })
  void triggersForbidChanges(String change) {
    assertThatThrownBy(() -> store.write(write -> write.execute(change)))
        .isInstanceOf(EnvironmentException.class);
    reopen();
  }

  @Test
  void anEntryIsUndoneWithTheChangeItIsAbout() {
    SignedCheckpoint before = log.checkpoint();
    assertThatThrownBy(() ->
            store.write(write -> {
              log.append(write, Decision.about(Action.HALT, "hospital", null, "", "x"));
              throw new IllegalStateException("undo");
            }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(log.checkpoint()).isSameAs(before);
    append("after");
    assertThat(log.checkpoint().head().size()).isEqualTo(6);
    reopen();
  }

  @Test
  void workThatFailsLeavesNoGapForThatWhichSharesItsTransaction() throws Exception {
    CountDownLatch busy = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    threads.add(
        Thread.ofVirtual()
            .start(() ->
                store.write(write -> {
                  busy.countDown();
                  Uninterruptibles.awaitUninterruptibly(goOn);
                  return log.append(write, decision("first"));
                })));
    busy.await();
    for (int i = 0; i < 30; i++) {
      boolean fails = i % 3 == 1;
      threads.add(Thread.ofVirtual().unstarted(() -> appendTwo(fails)));
    }
    threads.subList(1, threads.size()).forEach(Thread::start);
    goOn.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(log.checkpoint().head().size()).isEqualTo(5 + 1 + 20 * 2);
    assertThat(new LogReader(store, log).entries(HOSPITAL, 0, 256))
        .noneMatch(entry -> entry.toString().contains("fails"));
    reopen();
  }

  private void appendTwo(boolean fails) {
    try {
      store.write(write -> {
        log.append(write, decision(fails ? "fails" : "stays"));
        long index = log.append(write, decision(fails ? "fails too" : "stays too"));
        if (fails) {
          throw new IllegalStateException("undo");
        }
        return index;
      });
    } catch (IllegalStateException e) {
      assertThat(fails).isTrue();
    }
  }

  @Test
  void whatIsTooLongIsCutAndNeverLost() {
    append("\u00e4".repeat(50_000));
    assertThat(new LogReader(store, log).decisions(HOSPITAL, "", 5, 10).decisions())
        .singleElement()
        .satisfies(decision ->
            assertThat(decision.getDetail())
                .endsWith("\u00e4...")
                .hasSize(Entry.TEXT_BYTES_MAX / 2 + 3));
    reopen();
  }

  @Test
  void aComparisonHasRoomForSoManyClaimsAndSaysHowManyMoreThereAre() {
    compare(claims(LoggedComparison.CLAIMS_MAX + 72, "x"));
    Comparison many = last().getComparison();
    assertThat(many.getClaimsList()).hasSize(LoggedComparison.CLAIMS_MAX);
    assertThat(many.getClaims(0).getClaim()).isEqualTo("claim0");
    assertThat(many.getLeftOut()).isEqualTo(72);
    reopen();
  }

  @Test
  void aComparisonHasRoomForSoManyBytesAndSmallClaimsAfterALargeOneStay() {
    List<Decision.Compared> claims = claims(64, "x".repeat(900));
    claims.add(1, new Decision.Compared("large", "y".repeat(50_000), "z".repeat(50_000)));
    claims.add(new Decision.Compared("last", "a", "b", "EVIDENCE_KEY_WRONG", "c"));
    compare(claims);
    Comparison cut = last().getComparison();
    assertThat(cut.getSerializedSize()).isLessThan(LoggedComparison.CLAIMS_BYTES_MAX + (1 << 10));
    assertThat(cut.getClaimsList())
        .extracting(ComparedClaim::getClaim)
        .startsWith("claim0", "large", "claim1")
        .endsWith("last");
    assertThat(cut.getClaimsCount() + cut.getLeftOut()).isEqualTo(66);
    assertThat(cut.getLeftOut()).isPositive();
    reopen();
  }

  @Test
  void theClaimThatDecidedIsThereHoweverLargeItIs() {
    String large = "y".repeat(50_000);
    compare(
        List.of(
            new Decision.Compared(large, large, large, "EVIDENCE_APP_WRONG", large),
            new Decision.Compared("second", "a", "b")));
    assertThat(last().getComparison().getClaimsList())
        .singleElement()
        .satisfies(claim -> {
          assertThat(claim.getClaim()).hasSize(Entry.TEXT_BYTES_MAX + 3);
          assertThat(claim.getReason()).isEqualTo("EVIDENCE_APP_WRONG");
        });
    assertThat(last().getComparison().getLeftOut()).isEqualTo(1);
  }

  @Test
  void largeComparisonsKeepNobodyFromReadingOn() {
    int refusals = 400;
    store.write(write -> {
      for (int i = 0; i < refusals; i++) {
        log.append(write, refusal(claims(64, "x".repeat(300))));
      }
      return true;
    });
    LogReader reader = new LogReader(store, log);
    List<io.parley.proto.broker.v1.Decision> all = new ArrayList<>();
    long from = 0;
    int pages = 0;
    do {
      DecisionPage page = reader.decisions(HOSPITAL, "", from, 1000);
      assertThat(page.decisions().stream().mapToLong(each -> each.getSerializedSize()).sum())
          .isLessThan(Channels.MAX_MESSAGE_BYTES / 2 + (64 << 10));
      all.addAll(page.decisions());
      from = page.next();
      pages++;
    } while (from != 0);
    assertThat(pages).isGreaterThan(1);
    assertThat(all)
        .extracting(io.parley.proto.broker.v1.Decision::getIndex)
        .containsExactlyElementsOf(LongStream.range(0, 5 + refusals).boxed().toList());
  }

  @Test
  void aComparisonOfEarlierVersionsIsStillRead() {
    // As it was written before every claim that differs was: one claim, without reason and advice.
    Comparison old =
        Comparison.newBuilder()
            .addClaims(
                ComparedClaim.newBuilder().setClaim("app_sha256").setExpected("one").setSeen("two"))
            .build();
    assertThat(
            LoggedComparison.of(List.of(new Decision.Compared("app_sha256", "one", "two")))
                .toByteString())
        .isEqualTo(old.toByteString());
    compare(List.of(new Decision.Compared("app_sha256", "one", "two")));
    reopen();
    assertThat(last().getComparison()).isEqualTo(old);
  }

  private static List<Decision.Compared> claims(int count, String seen) {
    List<Decision.Compared> claims = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      claims.add(
          new Decision.Compared("claim" + i, "other", seen, "EVIDENCE_TEST_WRONG", "do this"));
    }
    return claims;
  }

  private static Decision refusal(List<Decision.Compared> claims) {
    return Decision.refusal("hospital", null, "", "EVIDENCE_TEST_WRONG", "claim claim0")
        .comparing(claims, List.of("hospital"));
  }

  private void compare(List<Decision.Compared> claims) {
    store.write(write -> log.append(write, refusal(claims)));
  }

  private io.parley.proto.broker.v1.Decision last() {
    return new LogReader(store, log).decisions(HOSPITAL, "", 5, 10).decisions().getLast();
  }

  @Test
  void theChainOfEarlierVersionsBecomesATree() {
    store.write(write -> {
      log.append(
          write,
          Decision.refusal("hospital", null, "", "EVIDENCE_APP_WRONG", "claim app_sha256")
              .comparing(
                  List.of(new Decision.Compared("app_sha256", "one", "two")), List.of("hospital")));
      return true;
    });
    close();
    try (Store behind = TestLog.store(database())) {
      behind.write(write -> TestLog.downgrade(write, TestLog.sealBy("key")));
    }
    assertThat(files().resolve("checkpoint").toFile().delete()).isTrue();
    open("key");
    assertThat(log.checkpoint().head().size()).isEqualTo(6);
    var decisions = new LogReader(store, log).decisions(HOSPITAL, "", 0, 10).decisions();
    assertThat(decisions).hasSize(6);
    assertThat(decisions.getFirst().getDetail()).isEqualTo("entry 1");
    assertThat(decisions.getLast().getComparison().getClaims(0).getClaim()).isEqualTo("app_sha256");
    assertThat(decisions.getLast().getComparison().getClaims(0).getExpected()).isEqualTo("one");
    assertThat(decisions.getLast().getComparison().getClaims(0).getSeen()).isEqualTo("two");
    append("goes on");
    reopen();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE decision SET entry = x'00' WHERE sequence = 3",
        "DELETE FROM decision WHERE sequence = 5",
        "DELETE FROM decision WHERE sequence = 2",
        "UPDATE decision_head SET mac = zeroblob(32)",
        "DELETE FROM decision_head"
      })
  void aChainOfEarlierVersionsThatWasChangedIsNotTaken(String change) {
    close();
    try (Store behind = TestLog.store(database())) {
      behind.write(write -> {
        TestLog.downgrade(write, TestLog.sealBy("key"));
        return write.execute(change);
      });
    }
    assertThatThrownBy(() -> open("key")).hasMessageContaining("record of decisions is broken");
  }

  private void append(String detail) {
    store.write(write -> log.append(write, decision(detail)));
  }

  private static Decision decision(String detail) {
    return Decision.about(Action.HALT, "hospital", null, "", detail);
  }

  private void withoutTriggers(String change) {
    close();
    try (Store behind = TestLog.store(database())) {
      behind.write(write -> {
        write.execute("DROP TRIGGER log_entry_is_not_updated");
        write.execute("DROP TRIGGER log_entry_is_not_deleted");
        write.execute("DROP TRIGGER log_node_is_not_updated");
        write.execute("DROP TRIGGER log_checkpoint_only_grows");
        return write.execute(change);
      });
    }
  }

  private Path database() {
    return folder.resolve("broker.db");
  }

  private Path files() {
    return folder.resolve("log");
  }
}
