package io.parley.broker.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Store;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuditLogTest {
  private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});

  @TempDir Path folder;
  private Store store;
  private AuditLog log;

  @BeforeEach
  void open() {
    store = Store.open(folder.resolve("broker.db"));
    log = new AuditLog(() -> NOW, sealBy("key"));
    for (int i = 1; i <= 5; i++) {
      append("entry " + i);
    }
  }

  @AfterEach
  void close() {
    store.close();
  }

  @Test
  void verifiesWhatItWroteAndCounts() {
    assertThat(log.verify(store)).isEqualTo(5);
  }

  @Test
  void anEmptyRecordIsWhole() {
    try (Store empty = Store.open(folder.resolve("empty.db"))) {
      assertThat(log.verify(empty)).isZero();
    }
  }

  @Test
  void theHashOfAnEntryIsOverTheOneBeforeAndItsExactBytes() {
    List<ByteString> hashes = column("hash");
    List<ByteString> entries = column("entry");
    ByteString before = ByteString.copyFrom(new byte[32]);
    for (int i = 0; i < 5; i++) {
      before = Digest.of(before.concat(entries.get(i))).value();
      assertThat(hashes.get(i)).isEqualTo(before);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "UPDATE decision SET entry = x'00' WHERE sequence = 3",
        "UPDATE decision SET hash = zeroblob(32) WHERE sequence = 5",
        "DELETE FROM decision WHERE sequence = 3",
        "DELETE FROM decision WHERE sequence = 5",
        "DELETE FROM decision WHERE sequence > 0",
        "UPDATE decision SET sequence = 9 WHERE sequence = 5",
        "DELETE FROM decision_head WHERE only = 1",
        "UPDATE decision_head SET sequence = 4, hash = (SELECT hash FROM decision WHERE sequence = 4)",
        "UPDATE decision_head SET mac = zeroblob(32)"
      })
  void whatIsChangedBehindItsBackIsFound(String change) {
    withoutTriggers(change);
    assertThatThrownBy(() -> log.verify(store))
        .isInstanceOf(EnvironmentException.class)
        .hasMessageContaining("record of decisions is broken");
  }

  @Test
  void twoSwappedEntriesAreFound() {
    withoutTriggers(
        "UPDATE decision SET entry = (SELECT entry FROM decision WHERE sequence = 2) WHERE sequence = 3");
    assertThatThrownBy(() -> log.verify(store)).hasMessageContaining("entry 3 was changed");
  }

  @Test
  void aRecordRewrittenAsAWholeWithoutTheMasterSecretIsFound() {
    try (Store other = Store.open(folder.resolve("other.db"))) {
      AuditLog forger = new AuditLog(() -> NOW, sealBy("forged"));
      other.write(write -> {
        forger.append(write, Decision.about(Action.JOB, "hospital", AGREEMENT, "nothing"));
        return true;
      });
      assertThat(forger.verify(other)).isEqualTo(1);
      assertThatThrownBy(() -> log.verify(other)).hasMessageContaining("not this broker's");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"UPDATE decision SET entry = x'00'", "DELETE FROM decision"})
  void triggersForbidChanges(String change) {
    assertThatThrownBy(() -> store.write(write -> write.execute(change)))
        .isInstanceOf(EnvironmentException.class);
    assertThat(log.verify(store)).isEqualTo(5);
  }

  @Test
  void anEntryIsUndoneWithTheChangeItIsAbout() {
    assertThatThrownBy(() ->
            store.write(write -> {
              log.append(write, Decision.about(Action.JOB, "hospital", AGREEMENT, "x"));
              throw new IllegalStateException("undo");
            }))
        .isInstanceOf(IllegalStateException.class);
    assertThat(log.verify(store)).isEqualTo(5);
    append("after");
    assertThat(log.verify(store)).isEqualTo(6);
  }

  private void append(String detail) {
    store.write(write -> {
      log.append(write, Decision.about(Action.JOB, "hospital", AGREEMENT, detail));
      return detail;
    });
  }

  private void withoutTriggers(String change) {
    store.write(write -> {
      write.execute("DROP TRIGGER decision_is_not_updated");
      write.execute("DROP TRIGGER decision_is_not_deleted");
      return write.execute(change);
    });
  }

  private List<ByteString> column(String name) {
    return store.read(read ->
        read.createQuery("SELECT " + name + " FROM decision ORDER BY sequence")
            .map((row, context) -> ByteString.copyFrom(row.getBytes(1)))
            .list());
  }

  private static LogSeal sealBy(String key) {
    return head -> Digest.of(ByteString.copyFromUtf8(key).concat(head)).value();
  }
}
