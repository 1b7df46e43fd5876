package io.parley.broker.store;

import com.google.protobuf.ByteString;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/** How values look in a column, and back. Every number that must fit an int is checked. */
public final class Columns {
  private Columns() {}

  public static ByteString bytes(ResultSet row, String column) throws SQLException {
    byte[] value = row.getBytes(column);
    if (value == null) {
      throw new BugException("column %s is empty".formatted(column));
    }
    return ByteString.copyFrom(value);
  }

  public static @Nullable ByteString bytesOrNull(ResultSet row, String column) throws SQLException {
    byte[] value = row.getBytes(column);
    return value == null ? null : ByteString.copyFrom(value);
  }

  public static Digest digest(ResultSet row, String column) throws SQLException {
    return new Digest(bytes(row, column));
  }

  public static @Nullable Digest digestOrNull(ResultSet row, String column) throws SQLException {
    byte[] value = row.getBytes(column);
    return value == null ? null : new Digest(ByteString.copyFrom(value));
  }

  public static byte[] of(Digest digest) {
    return digest.value().toByteArray();
  }

  public static Instant instant(ResultSet row, String column) throws SQLException {
    return Instant.ofEpochMilli(row.getLong(column));
  }

  public static int integer(ResultSet row, String column) throws SQLException {
    return Math.toIntExact(row.getLong(column));
  }

  public static String text(ResultSet row, String column) throws SQLException {
    String value = row.getString(column);
    if (value == null) {
      throw new BugException("column %s is empty".formatted(column));
    }
    return value;
  }
}
