package io.parley.broker.keys;

import io.parley.broker.store.Columns;
import io.parley.broker.store.PlainStatement;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Which epoch of a dataset's key a job gets, and whether it still may. Every method runs within its
 * caller's transaction.
 *
 * <p>Guarantee: all enclaves of a job get the same epoch, the one that was the newest when the job
 * was counted, whatever is rotated in the middle of it; or they are refused.
 */
public final class Epochs {
  private static final String SELECT =
      """
      SELECT e.*,
        NOT EXISTS (SELECT 1 FROM dataset_epoch n WHERE n.agreement = e.agreement
                      AND n.dataset = e.dataset AND n.epoch > e.epoch) AS newest,
        EXISTS (SELECT 1 FROM dataset_revocation r WHERE r.agreement = e.agreement
                  AND r.dataset = e.dataset) AS revoked
      FROM dataset_epoch e
      """;

  private static final String OF_AGREEMENT = SELECT + " WHERE e.agreement = :agreement";

  /**
   * Of each dataset of the agreement (1) the newest epoch that the job of this ordinal (2) gets.
   */
  static final String OF_ONE_JOB =
      """
      e.agreement = ?1 AND e.first_job <= ?2
        AND NOT EXISTS (SELECT 1 FROM dataset_epoch l WHERE l.agreement = e.agreement
                          AND l.dataset = e.dataset AND l.epoch > e.epoch
                          AND l.first_job <= ?2)
      """;

  private static final PlainStatement OF_JOB = new PlainStatement(SELECT + " WHERE " + OF_ONE_JOB);

  private Epochs() {}

  /**
   * The epoch of each of these datasets that the job gets.
   *
   * @param ordinal which job of the agreement it is, from 1
   * @throws RefusedException KEY_REVOKED or KEY_RETIRED when it gets none
   */
  public static SortedMap<String, Integer> ofJob(
      Handle read, Digest agreement, Collection<String> datasets, int ordinal) {
    Map<String, DatasetEpoch> all = new HashMap<>();
    OF_JOB
        .list(read, Epochs::epoch, Columns.of(agreement), ordinal)
        .forEach(epoch -> all.put(epoch.dataset(), epoch));
    SortedMap<String, Integer> epochs = new TreeMap<>();
    for (String dataset : datasets) {
      @Nullable DatasetEpoch epoch = all.get(dataset);
      if (epoch == null) {
        throw new BugException("dataset '%s' has no first epoch".formatted(dataset));
      }
      if (epoch.revoked()) {
        throw revoked(dataset, agreement);
      }
      if (epoch.retiredAt() != null) {
        throw new RefusedException(
            Reason.KEY_RETIRED,
            ("the job was counted under epoch %d of dataset '%s', whose owner retired that at %s; start"
                    + " a new job")
                .formatted(epoch.epoch(), dataset, epoch.retiredAt()),
            Map.of("dataset", dataset, "epoch", Integer.toString(epoch.epoch())));
      }
      epochs.put(dataset, epoch.epoch());
    }
    return Collections.unmodifiableSortedMap(epochs);
  }

  /**
   * Passes when no dataset of the agreement was taken back: a job needs them all.
   *
   * @throws RefusedException KEY_REVOKED
   */
  public static void requireNoneRevoked(Handle read, Digest agreement) {
    read.createQuery("SELECT dataset FROM dataset_revocation WHERE agreement = :agreement LIMIT 1")
        .bind("agreement", Columns.of(agreement))
        .mapTo(String.class)
        .findOne()
        .ifPresent(dataset -> {
          throw revoked(dataset, agreement);
        });
  }

  /** Epochs in the order they were made, after this number. */
  public static List<DatasetEpoch> list(Handle read, Digest agreement, long after, int limit) {
    return read.createQuery(OF_AGREEMENT + " AND e.number > :after ORDER BY e.number LIMIT :limit")
        .bind("agreement", Columns.of(agreement))
        .bind("after", after)
        .bind("limit", limit)
        .map((row, context) -> epoch(row))
        .list();
  }

  /** The newest epoch of a dataset of an agreement that has keys. */
  public static DatasetEpoch newest(Handle read, Digest agreement, String dataset) {
    return read.createQuery(
            OF_AGREEMENT + " AND e.dataset = :dataset ORDER BY e.epoch DESC LIMIT 1")
        .bind("agreement", Columns.of(agreement))
        .bind("dataset", dataset)
        .map((row, context) -> epoch(row))
        .findOne()
        .orElseThrow(() -> new BugException("dataset '%s' has no key".formatted(dataset)));
  }

  /** This epoch, when there is one. */
  public static Optional<DatasetEpoch> find(
      Handle read, Digest agreement, String dataset, int epoch) {
    return read.createQuery(OF_AGREEMENT + " AND e.dataset = :dataset AND e.epoch = :epoch")
        .bind("agreement", Columns.of(agreement))
        .bind("dataset", dataset)
        .bind("epoch", epoch)
        .map((row, context) -> epoch(row))
        .findOne();
  }

  static void insert(Handle write, KeyName name, int firstJob, Instant at) {
    write
        .createUpdate(
            """
            INSERT INTO dataset_epoch (agreement, dataset, epoch, first_job, created_at)
            VALUES (:agreement, :dataset, :epoch, :first, :at)
            """)
        .bind("agreement", Columns.of(name.agreement()))
        .bind("dataset", name.name())
        .bind("epoch", name.epoch())
        .bind("first", firstJob)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  static void retire(Handle write, KeyName name, Instant at) {
    write
        .createUpdate(
            """
            UPDATE dataset_epoch SET retired_at = :at
            WHERE agreement = :agreement AND dataset = :dataset AND epoch = :epoch
            """)
        .bind("agreement", Columns.of(name.agreement()))
        .bind("dataset", name.name())
        .bind("epoch", name.epoch())
        .bind("at", at.toEpochMilli())
        .execute();
  }

  static void revoke(Handle write, Digest agreement, String dataset, Instant at) {
    write
        .createUpdate(
            """
            INSERT INTO dataset_revocation (agreement, dataset, revoked_at)
            VALUES (:agreement, :dataset, :at)
            """)
        .bind("agreement", Columns.of(agreement))
        .bind("dataset", dataset)
        .bind("at", at.toEpochMilli())
        .execute();
  }

  private static DatasetEpoch epoch(ResultSet row) throws SQLException {
    long retiredAt = row.getLong("retired_at");
    @Nullable Instant retired = row.wasNull() ? null : Instant.ofEpochMilli(retiredAt);
    return new DatasetEpoch(
        row.getLong("number"),
        Columns.text(row, "dataset"),
        Columns.integer(row, "epoch"),
        Columns.integer(row, "first_job"),
        Columns.instant(row, "created_at"),
        retired,
        row.getInt("newest") == 1,
        row.getInt("revoked") == 1);
  }

  /** The refusal of a dataset that was taken back. */
  public static RefusedException revoked(String dataset, Digest agreement) {
    return new RefusedException(
        Reason.KEY_REVOKED,
        ("the owner of dataset '%s' releases it no more under agreement %s; agree on one without it, or"
                + " on a new one")
            .formatted(dataset, agreement),
        Map.of("dataset", dataset, "agreement", agreement.toString()));
  }
}
