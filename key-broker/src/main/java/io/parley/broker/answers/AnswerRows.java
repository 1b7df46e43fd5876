package io.parley.broker.answers;

import com.google.protobuf.ByteString;
import io.parley.broker.store.Columns;
import io.parley.seal.AnswerChain;
import io.parley.wire.Digest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Records of answers in the database; within the caller's transaction. */
final class AnswerRows {
  private AnswerRows() {}

  /** One epoch of a dataset's key: the records of a chain were sealed under one data key. */
  record Chain(Digest agreement, String dataset, int epoch) {}

  /**
   * Where a chain ends.
   *
   * @param count of its records
   * @param digest after the last of them
   * @param bytes of all of them
   */
  record End(long count, Digest digest, long bytes) {}

  /** A record and whose answer it is. */
  record Row(String jobId, ByteString record) {}

  static End end(Handle read, Chain chain) {
    return read.createQuery(
            """
            SELECT position, head, total_bytes FROM answer
            WHERE agreement = :agreement AND dataset = :dataset AND epoch = :epoch
            ORDER BY position DESC LIMIT 1
            """)
        .bind("agreement", Columns.of(chain.agreement()))
        .bind("dataset", chain.dataset())
        .bind("epoch", chain.epoch())
        .map((row, context) ->
            new End(
                row.getLong("position"), Columns.digest(row, "head"), row.getLong("total_bytes")))
        .findOne()
        .orElse(new End(0, AnswerChain.START, 0));
  }

  /** Records after this position, as many as fit into so many bytes, and one at least. */
  static List<Row> after(Handle read, Chain chain, long position, int bytesMax) {
    List<Row> page = new ArrayList<>();
    long bytes = 0;
    try (var rows =
        read
            .createQuery(
                """
                SELECT job_id, record FROM answer
                WHERE agreement = :agreement AND dataset = :dataset AND epoch = :epoch
                  AND position > :after
                ORDER BY position
                """)
            .bind("agreement", Columns.of(chain.agreement()))
            .bind("dataset", chain.dataset())
            .bind("epoch", chain.epoch())
            .bind("after", position)
            .map((row, context) ->
                new Row(Columns.text(row, "job_id"), Columns.bytes(row, "record")))
            .stream()) {
      Iterator<Row> next = rows.iterator();
      while (next.hasNext()) {
        Row row = next.next();
        bytes += row.record().size();
        if (!page.isEmpty() && bytes > bytesMax) {
          break;
        }
        page.add(row);
      }
    }
    return page;
  }

  /** Where the record of a job's answer over a dataset is, when there is one. */
  static Optional<Given> of(Handle read, String jobId, String dataset) {
    return read.createQuery(
            "SELECT position, record FROM answer WHERE job_id = :job AND dataset = :dataset")
        .bind("job", jobId)
        .bind("dataset", dataset)
        .map((row, context) -> new Given(row.getLong("position"), Columns.bytes(row, "record")))
        .findOne();
  }

  /** A record that is there. */
  record Given(long position, ByteString record) {}

  /** Appends; the database itself refuses any place but the one after the last. */
  static void insert(
      Handle write, Chain chain, End before, String party, Row row, Digest head, Instant at) {
    write
        .createUpdate(
            """
            INSERT INTO answer (agreement, dataset, epoch, position, job_id, party, record, head,
                                total_bytes, recorded_at)
            VALUES (:agreement, :dataset, :epoch, :position, :job, :party, :record, :head, :bytes,
                    :at)
            """)
        .bind("agreement", Columns.of(chain.agreement()))
        .bind("dataset", chain.dataset())
        .bind("epoch", chain.epoch())
        .bind("position", before.count() + 1)
        .bind("job", row.jobId())
        .bind("party", party)
        .bind("record", row.record().toByteArray())
        .bind("head", Columns.of(head))
        .bind("bytes", before.bytes() + row.record().size())
        .bind("at", at.toEpochMilli())
        .execute();
  }
}
