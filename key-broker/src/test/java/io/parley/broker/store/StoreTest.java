package io.parley.broker.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.broker.log.TestLog;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoreTest {
  @TempDir Path folder;

  @Test
  void whatWasWrittenIsThereAfterReopening() {
    try (Store store = open()) {
      put(store, 1);
    }
    try (Store store = open()) {
      assertThat(versions(store)).containsExactly(1);
    }
  }

  @Test
  void aRefusalWithinAWriteUndoesAllOfIt() {
    try (Store store = open()) {
      assertThatThrownBy(() ->
              store.write(write -> {
                write.execute("INSERT INTO membership VALUES (7, x'00')");
                throw new RefusedException(Reason.INVALID_REQUEST, "no");
              }))
          .isInstanceOf(RefusedException.class);
      assertThat(versions(store)).isEmpty();
    }
  }

  @Test
  void aFailureOfTheDatabaseIsTheEnvironmentsAndUndoesAllOfIt() {
    try (Store store = open()) {
      assertThatThrownBy(() ->
              store.write(write -> {
                write.execute("INSERT INTO membership VALUES (7, x'00')");
                return write.execute("INSERT INTO membership VALUES (-1, x'00')");
              }))
          .isInstanceOf(EnvironmentException.class);
      assertThat(versions(store)).isEmpty();
    }
  }

  @Test
  void commitsAreSyncedAndForeignKeysAreOn() {
    try (Store store = open()) {
      for (String pragma : List.of("journal_mode=wal", "synchronous=2", "foreign_keys=1")) {
        String[] expected = pragma.split("=", 2);
        assertThat(
                store.<String>write(
                    write -> write.createQuery("PRAGMA " + expected[0]).mapTo(String.class).one()))
            .isEqualTo(expected[1]);
      }
    }
  }

  @Test
  void writersFromManyThreadsLoseNothing() throws InterruptedException {
    try (Store store = open()) {
      List<Thread> threads = new ArrayList<>();
      for (int thread = 0; thread < 8; thread++) {
        int base = thread * 10;
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int i = 1; i <= 10; i++) {
                    put(store, base + i);
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(versions(store)).hasSize(80);
    }
  }

  @Test
  void aFileThatIsNoDatabaseIsRefused() throws Exception {
    Files.writeString(folder.resolve("broker.db"), "not a database, and long enough to be read");
    assertThatThrownBy(this::open)
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("broker.db");
  }

  private Store open() {
    return TestLog.store(folder.resolve("broker.db"));
  }

  private static void put(Store store, int version) {
    store.write(write -> write.execute("INSERT INTO membership VALUES (?, x'00')", version));
  }

  private static List<Integer> versions(Store store) {
    return store.read(
        read -> read.createQuery("SELECT version FROM membership").mapTo(Integer.class).list());
  }
}
