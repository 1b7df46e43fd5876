package io.parley.broker.keys;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.broker.store.Columns;
import io.parley.broker.store.PlainStatement;
import io.parley.seal.Secret;
import io.parley.wire.Digest;
import java.security.SecureRandom;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Data keys at rest: 32 random bytes each, stored wrapped only. Methods run within their caller's
 * transaction. Thread-safe.
 */
public final class DataKeys {
  /** Length of a data key. */
  static final int SIZE_BYTES = 32;

  /** One statement, so that KEK and keys are of one moment. */
  private static final PlainStatement OF_JOB =
      new PlainStatement(
          """
          SELECT a.kek, k.purpose, k.name, k.epoch, k.wrapped FROM dataset_epoch e
            JOIN agreement a ON a.sha256 = e.agreement
            JOIN data_key k ON k.agreement = e.agreement AND k.purpose = 'dataset'
              AND k.name = e.dataset AND k.epoch = e.epoch
          WHERE
          """
              + Epochs.OF_ONE_JOB
              + """
              UNION ALL
              SELECT a.kek, k.purpose, k.name, k.epoch, k.wrapped FROM data_key k
                JOIN agreement a ON a.sha256 = k.agreement
              WHERE k.agreement = ?1 AND k.purpose = 'job' AND k.name = ?3
              """);

  private final KeyVault vault;
  private final SecureRandom random;

  public DataKeys(KeyVault vault, SecureRandom random) {
    this.vault = vault;
    this.random = random;
  }

  /** Makes the agreement's KEK and the first key of each dataset; answers with the KEK to store. */
  public ByteString createForAgreement(
      Handle write, Digest digest, Agreement agreement, Instant at) {
    ByteString kek = vault.createKek(digest);
    for (Dataset dataset : agreement.datasets()) {
      createEpoch(write, kek, KeyName.dataset(digest, dataset.name(), 1), 1, at);
    }
    return kek;
  }

  /**
   * Makes a dataset's key of one more epoch.
   *
   * @param firstJob which job of the agreement is the first to get it
   */
  public void createEpoch(Handle write, ByteString kek, KeyName name, int firstJob, Instant at) {
    create(write, kek, name);
    Epochs.insert(write, name, firstJob, at);
  }

  /** Ends an epoch: its wrapped key is deleted. */
  public void retire(Handle write, KeyName name, Instant at) {
    Epochs.retire(write, name, at);
    write
        .createUpdate(
            """
            DELETE FROM data_key WHERE agreement = :agreement AND purpose = :purpose
              AND name = :name AND epoch = :epoch
            """)
        .bind("agreement", Columns.of(name.agreement()))
        .bind("purpose", name.purpose().text())
        .bind("name", name.name())
        .bind("epoch", name.epoch())
        .execute();
  }

  /** Ends all epochs of a dataset: their wrapped keys are deleted. */
  public void revoke(Handle write, Digest agreement, String dataset, Instant at) {
    Epochs.revoke(write, agreement, dataset, at);
    write
        .createUpdate(
            """
            DELETE FROM data_key
            WHERE agreement = :agreement AND purpose = :purpose AND name = :name
            """)
        .bind("agreement", Columns.of(agreement))
        .bind("purpose", KeyName.Purpose.DATASET.text())
        .bind("name", dataset)
        .execute();
  }

  /** Deletes all wrapped keys of an agreement, of its datasets and its jobs. */
  public void deleteAll(Handle write, Digest agreement) {
    write
        .createUpdate("DELETE FROM data_key WHERE agreement = :agreement")
        .bind("agreement", Columns.of(agreement))
        .execute();
  }

  /** Makes the key of a job's channels. */
  public void createForJob(Handle write, ByteString kek, Digest agreement, String jobId) {
    create(write, kek, KeyName.job(agreement, jobId));
  }

  /**
   * The keys that the enclaves of a job get, each with the KEK that opens it: of every dataset of
   * the agreement, and the job's own. One that was deleted, with its epoch or its agreement, is not
   * among them.
   *
   * @param ordinal which job of the agreement it is, from 1
   */
  public static List<KeyWithKek> ofJob(Handle read, Digest agreement, String jobId, int ordinal) {
    return OF_JOB.list(
        read,
        row -> new KeyWithKek(wrapped(row, agreement), Columns.bytes(row, "kek")),
        Columns.of(agreement),
        ordinal,
        jobId);
  }

  /** All keys of an agreement as they are stored. */
  public static List<WrappedKey> all(Handle read, Digest agreement) {
    return read.createQuery(
            "SELECT purpose, name, epoch, wrapped FROM data_key WHERE agreement = :agreement")
        .bind("agreement", Columns.of(agreement))
        .map((row, context) -> wrapped(row, agreement))
        .list();
  }

  /** One key of an agreement as it is stored, when there is any. */
  public static Optional<WrappedKey> any(Handle read, Digest agreement) {
    return read.createQuery(
            """
            SELECT purpose, name, epoch, wrapped FROM data_key WHERE agreement = :agreement LIMIT 1
            """)
        .bind("agreement", Columns.of(agreement))
        .map((row, context) -> wrapped(row, agreement))
        .findOne();
  }

  /** Puts another wrapping in the place of the one that is stored. */
  public static void replace(Handle write, WrappedKey key) {
    write
        .createUpdate(
            """
            UPDATE data_key SET wrapped = :wrapped WHERE agreement = :agreement
              AND purpose = :purpose AND name = :name AND epoch = :epoch
            """)
        .bind("wrapped", key.bytes().toByteArray())
        .bind("agreement", Columns.of(key.name().agreement()))
        .bind("purpose", key.name().purpose().text())
        .bind("name", key.name().name())
        .bind("epoch", key.name().epoch())
        .execute();
  }

  private static WrappedKey wrapped(ResultSet row, Digest agreement) throws SQLException {
    return new WrappedKey(
        new KeyName(
            agreement,
            KeyName.Purpose.of(Columns.text(row, "purpose")),
            Columns.text(row, "name"),
            Columns.integer(row, "epoch")),
        Columns.bytes(row, "wrapped"));
  }

  /** The key itself; the caller closes it. */
  public Secret open(KeyWithKek stored) {
    return vault.unwrap(stored.kek(), stored.key().name(), stored.key().bytes());
  }

  /** A key and its agreement's KEK, both as they are stored. */
  public record KeyWithKek(WrappedKey key, ByteString kek) {
    /** What it is for. */
    public KeyName name() {
      return key.name();
    }
  }

  private void create(Handle write, ByteString kek, KeyName name) {
    try (Secret key = Secret.random(SIZE_BYTES, random)) {
      write
          .createUpdate(
              """
              INSERT INTO data_key (agreement, purpose, name, epoch, wrapped)
              VALUES (:agreement, :purpose, :name, :epoch, :wrapped)
              """)
          .bind("agreement", Columns.of(name.agreement()))
          .bind("purpose", name.purpose().text())
          .bind("name", name.name())
          .bind("epoch", name.epoch())
          .bind("wrapped", vault.wrap(kek, name, key).toByteArray())
          .execute();
    }
  }
}
