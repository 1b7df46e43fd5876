package io.parley.broker.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A statement that stays prepared answers as a fresh one does, whatever was done with it before.
 */
final class KeptStatementsTest {
  private static final String SELECT = "SELECT x FROM t WHERE x >= :least ORDER BY x";

  @TempDir Path folder;

  private Jdbi jdbi() {
    return Jdbi.create("jdbc:sqlite:" + folder.resolve("some.db"))
        .setStatementBuilderFactory(connection -> new KeptStatements());
  }

  @Test
  void theSameTextIsAskedAgainAndWithinItself() {
    try (Handle handle = jdbi().open()) {
      handle.execute("CREATE TABLE t (x INTEGER)");
      for (int x = 0; x < 5; x++) {
        handle.createUpdate("INSERT INTO t VALUES (:x)").bind("x", x).execute();
      }
      List<List<Integer>> nested =
          handle
              .createQuery(SELECT)
              .bind("least", 3)
              .map((row, context) -> from(handle, row.getInt("x")))
              .list();
      assertThat(nested).containsExactly(List.of(3, 4), List.of(4));
      assertThat(from(handle, 2)).containsExactly(2, 3, 4);
    }
  }

  @Test
  void whatWasLeftInTheMiddleHoldsNothingOpenAndWhatFailedIsGoodAgain() {
    Jdbi jdbi = jdbi();
    try (Handle handle = jdbi.open();
        Handle other = jdbi.open()) {
      handle.execute("CREATE TABLE t (x INTEGER UNIQUE)");
      handle.execute("INSERT INTO t VALUES (1), (2), (3)");
      assertThat(handle.createQuery(SELECT).bind("least", 1).mapTo(Integer.class).findFirst())
          .contains(1);
      // Would be locked out by a statement that still reads.
      other.execute("DROP TABLE t");
      other.execute("CREATE TABLE t (x INTEGER UNIQUE)");
      insert(handle, 7);
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> insert(handle, 7)).isNotNull();
      insert(handle, 8);
      assertThat(from(handle, 0)).containsExactly(7, 8);
    }
  }

  @Test
  void whatTheDriverEndedIsNotKept() {
    PlainStatement plain = new PlainStatement("INSERT INTO t VALUES (zeroblob(100000 + ?))");
    try (Handle handle = jdbi().open()) {
      handle.execute("CREATE TABLE t (x BLOB)");
      handle.execute("PRAGMA max_page_count = 8");
      // As a full disk: the driver closes what SQLite has of the statement, and only that.
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> large(handle))
          .hasMessageContaining("SQLITE_FULL");
      org.assertj.core.api.Assertions.assertThatThrownBy(() -> plain.execute(handle, 1))
          .hasMessageContaining("SQLITE_FULL");
      handle.execute("PRAGMA max_page_count = 1000");
      large(handle);
      plain.execute(handle, 1);
      assertThat(handle.createQuery("SELECT count(*) FROM t").mapTo(Integer.class).one())
          .isEqualTo(2);
    }
  }

  private static void large(Handle handle) {
    handle.createUpdate("INSERT INTO t VALUES (zeroblob(:n))").bind("n", 100_000).execute();
  }

  private static void insert(Handle handle, int x) {
    handle.createUpdate("INSERT INTO t VALUES (:x)").bind("x", x).execute();
  }

  private static List<Integer> from(Handle handle, int least) {
    return handle.createQuery(SELECT).bind("least", least).mapTo(Integer.class).list();
  }
}
