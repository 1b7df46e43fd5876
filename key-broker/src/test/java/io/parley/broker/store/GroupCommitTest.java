package io.parley.broker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.parley.broker.log.TestLog;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class GroupCommitTest {
  private static final int TOGETHER = 200;

  @TempDir Path folder;
  private final AtomicInteger commits = new AtomicInteger();
  private final AtomicInteger undone = new AtomicInteger();
  private final CommitHook hook =
      new CommitHook() {
        @Override
        public void afterUndo() {
          undone.incrementAndGet();
        }

        @Override
        public void beforeCommit(Handle write) {
          if (refuse) {
            throw new IllegalStateException("the log cannot be written");
          }
        }

        @Override
        public void afterCommit() {
          commits.incrementAndGet();
        }
      };
  private volatile boolean refuse;
  private Store store;

  @BeforeEach
  void open() {
    store = TestLog.store(folder.resolve("broker.db"), hook);
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void whoWaitsTogetherSharesASyncAndEachHasItsOwnAnswer() throws Exception {
    Map<Integer, Object> answers = together(TOGETHER, version -> version % 3 != 0);
    assertThat(commits.get()).as("one for the first, one for all others").isLessThanOrEqualTo(2);
    assertThat(undone.get()).isEqualTo(TOGETHER / 3);
    List<Integer> expected =
        IntStream.rangeClosed(1, TOGETHER).filter(version -> version % 3 != 0).boxed().toList();
    assertThat(versions()).isEqualTo(expected);
    answers.forEach((version, answer) -> {
      if (version % 3 == 0) {
        assertThat(answer)
            .isInstanceOfSatisfying(
                RefusedException.class, e -> assertThat(e).hasMessage("no " + version));
      } else {
        assertThat(answer).isEqualTo(version);
      }
    });
  }

  @Test
  void whenTheLogCannotBeWrittenNobodyOfAllHasChangedAnything() throws Exception {
    refuse = true;
    Map<Integer, Object> answers = together(TOGETHER, version -> version != 7);
    assertThat(versions()).isEmpty();
    answers.forEach((version, answer) -> {
      if (version == 7) {
        assertThat(answer).isInstanceOf(RefusedException.class);
      } else {
        assertThat(answer)
            .isInstanceOfSatisfying(
                EnvironmentException.class,
                e -> assertThat(e.reason()).isEqualTo(Reason.STORE_FAILED));
      }
    });
    refuse = false;
    put(1);
    assertThat(versions()).containsExactly(1);
  }

  /** SQLite gives a whole transaction up by itself at times: nobody may wait for it then. */
  @Test
  @Timeout(8)
  void whoeverComesAfterTheOneThatBrokeTheTransactionIsAnsweredAtOnce() throws Exception {
    Map<Integer, Object> answers =
        together(
            20,
            (write, version) ->
                version == 10
                    ? write.execute("ROLLBACK")
                    : write.execute("INSERT INTO membership VALUES (?, x'00')", version));
    assertThat(answers).hasSize(20);
    List<Integer> kept = versions();
    answers.forEach((version, answer) -> {
      if (!kept.contains(version)) {
        assertThat(answer)
            .as("%d", version)
            .isInstanceOfSatisfying(
                EnvironmentException.class,
                e -> assertThat(e).hasMessageContaining("the broker's database failed"));
      }
    });
    put(21);
    assertThat(versions()).contains(21).doesNotContain(10);
  }

  @Test
  void aFullDiskIsSaidAndGoesAway() {
    long pages = store.write(write -> pragma(write, "page_count"));
    store.write(write -> pragma(write, "max_page_count=" + pages));
    byte[] large = new byte[1 << 20];
    assertThatThrownBy(() ->
            store.write(write -> write.execute("INSERT INTO membership VALUES (1, ?)", large)))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("the broker's disk is full, nothing was changed; try again");
    assertThat(versions()).isEmpty();
    store.write(write -> pragma(write, "max_page_count=1000000"));
    put(2);
    assertThat(versions()).containsExactly(2);
  }

  @Test
  void aFullDiskInTheMiddleTakesAllOfThatTransactionOrOnlyTheOneThatWantedTooMuch()
      throws Exception {
    long pages = store.write(write -> pragma(write, "page_count"));
    store.write(write -> pragma(write, "max_page_count=" + pages));
    byte[] large = new byte[1 << 20];
    Map<Integer, Object> answers =
        together(
            20,
            (write, version) ->
                version == 10
                    ? write.execute("INSERT INTO membership VALUES (?, ?)", version, large)
                    : write.execute("INSERT INTO membership VALUES (?, x'00')", version));
    List<Integer> kept = versions();
    assertThat(kept).doesNotContain(10);
    answers.forEach((version, answer) ->
        assertThat(kept.contains(version))
            .as("%d was told %s", version, answer)
            .isEqualTo(!(answer instanceof Throwable)));
  }

  @Test
  void whoGivesUpWaitingHasChangedNothing() throws Exception {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Thread first = Thread.ofVirtual().start(() -> hold(started, goOn));
    started.await();
    Throwable[] told = new Throwable[1];
    Thread impatient = Thread.ofPlatform().start(() -> told[0] = catchThrowable(() -> put(5)));
    impatient.interrupt();
    impatient.join();
    assertThat(told[0]).isInstanceOf(EnvironmentException.class);
    goOn.countDown();
    first.join();
    put(6);
    assertThat(versions()).doesNotContain(5).contains(6);
  }

  @Test
  void whoeverWaitsTooLongForTheTurnIsToldAndHasChangedNothing() throws Exception {
    Duration waitMax = Duration.ofMillis(300);
    Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + folder.resolve("broker.db"));
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    try (Handle writer = jdbi.open();
        GroupCommit impatient =
            new GroupCommit(
                writer, hook, point -> {}, new Failures(folder.resolve("broker.db")), waitMax)) {
      Thread first =
          Thread.ofVirtual()
              .start(() -> {
                var _ = impatient.write(write -> held(started, goOn));
              });
      started.await();
      assertThatThrownBy(() -> impatient.write(write -> insert(write, 5)))
          .isInstanceOf(EnvironmentException.class)
          .hasMessageContaining("the broker is overloaded or stops, nothing was changed");
      goOn.countDown();
      first.join();
      int inserted = impatient.write(write -> insert(write, 6));
      assertThat(inserted).isEqualTo(1);
    }
    assertThat(versions()).containsExactly(6);
  }

  /** However long it takes: only then is it known whether something changed. */
  @Test
  void whoeversWorkHasBegunWaitsForItsEnd() throws Exception {
    Duration waitMax = Duration.ofMillis(50);
    Jdbi jdbi = Jdbi.create("jdbc:sqlite:" + folder.resolve("broker.db"));
    try (Handle writer = jdbi.open();
        GroupCommit impatient =
            new GroupCommit(
                writer, hook, point -> {}, new Failures(folder.resolve("broker.db")), waitMax)) {
      int inserted =
          impatient.write(write -> {
            LockSupport.parkNanos(waitMax.multipliedBy(6).toNanos());
            return insert(write, 7);
          });
      assertThat(inserted).isEqualTo(1);
    }
    assertThat(versions()).containsExactly(7);
  }

  @Test
  void aWriteWithinAWriteIsABugAndDoesNotHang() {
    assertThatThrownBy(() -> store.write(write -> store.write(inner -> 1)))
        .isInstanceOf(BugException.class);
  }

  @Test
  void aClosedStoreTakesNothing() {
    store.close();
    assertThatThrownBy(() -> put(1)).isInstanceOf(EnvironmentException.class);
    store = TestLog.store(folder.resolve("broker.db"), hook);
    assertThat(versions()).isEmpty();
  }

  private interface Insert {
    int insert(Handle write, int version);
  }

  private Map<Integer, Object> together(int count, java.util.function.IntPredicate fine)
      throws InterruptedException {
    return together(
        count,
        (write, version) -> {
          var _ = write.execute("INSERT INTO membership VALUES (?, x'00')", version);
          if (!fine.test(version)) {
            throw new RefusedException(Reason.INVALID_REQUEST, "no " + version);
          }
          return version;
        });
  }

  /** All of them wait while the first one is held up; answers what each was told. */
  private Map<Integer, Object> together(int count, Insert insert) throws InterruptedException {
    CountDownLatch started = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    Thread first = Thread.ofVirtual().start(() -> hold(started, goOn));
    started.await();
    Map<Integer, Object> answers = new ConcurrentHashMap<>();
    List<Thread> threads = new ArrayList<>();
    for (int version = 1; version <= count; version++) {
      int mine = version;
      threads.add(
          Thread.ofVirtual()
              .start(() -> {
                try {
                  answers.put(mine, store.write(write -> insert.insert(write, mine)));
                } catch (RuntimeException e) {
                  answers.put(mine, e);
                }
              }));
    }
    for (Thread thread : threads) {
      while (thread.getState() == Thread.State.NEW || thread.getState() == Thread.State.RUNNABLE) {
        Thread.onSpinWait();
      }
    }
    goOn.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    first.join();
    return answers;
  }

  private void hold(CountDownLatch started, CountDownLatch goOn) {
    try {
      var _ = store.write(write -> held(started, goOn));
    } catch (EnvironmentException e) {
      // Where the log cannot be written.
    }
  }

  private static int held(CountDownLatch started, CountDownLatch goOn) {
    started.countDown();
    try {
      goOn.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return 0;
  }

  private static int insert(Handle write, int version) {
    return write.execute("INSERT INTO membership VALUES (?, x'00')", version);
  }

  private void put(int version) {
    store.write(write -> insert(write, version));
  }

  private List<Integer> versions() {
    return store.read(read ->
        read.createQuery("SELECT version FROM membership ORDER BY version")
            .mapTo(Integer.class)
            .list());
  }

  private static long pragma(Handle write, String what) {
    return write.createQuery("PRAGMA " + what).mapTo(Long.class).one();
  }
}
