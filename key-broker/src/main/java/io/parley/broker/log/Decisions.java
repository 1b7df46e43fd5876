package io.parley.broker.log;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.agreement.Party;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.LogEntry;
import io.parley.wire.BugException;
import java.util.List;

/** Reads the record for one party, which sees what concerns it and no more. Thread-safe. */
public final class Decisions {
  private final Store store;

  public Decisions(Store store) {
    this.store = store;
  }

  /**
   * Decisions about agreements that name the party and its signing key, about what the party itself
   * asked, and about the membership list; oldest first.
   *
   * @param jobId only this job, unless empty
   * @param after only later ones than this sequence number
   */
  public List<Decision> list(Party party, String jobId, long after, int limit) {
    return store.read(read ->
        read.createQuery(
                """
                SELECT entry, hash FROM decision d
                WHERE sequence > :after AND (:job = '' OR job_id = :job)
                  AND (EXISTS (SELECT 1 FROM agreement_party p
                               WHERE p.agreement = d.agreement AND p.party = :party
                                 AND p.signing_key = :key)
                       OR d.everyone = 1 OR (d.agreement IS NULL AND d.party = :party))
                ORDER BY sequence LIMIT :limit
                """)
            .bind("after", after)
            .bind("job", jobId)
            .bind("party", party.name())
            .bind("key", Columns.of(party.signingKey().digest()))
            .bind("limit", limit)
            .map((row, context) ->
                forParty(party.name(), Columns.bytes(row, "entry"), Columns.bytes(row, "hash")))
            .list());
  }

  private static Decision forParty(String party, ByteString bytes, ByteString hash) {
    LogEntry entry = parse(bytes);
    Decision.Builder decision = entry.getDecision().toBuilder().setHash(hash);
    if (!entry.getComparison().isEmpty() && entry.getComparisonForList().contains(party)) {
      decision.setDetail(decision.getDetail() + "; " + entry.getComparison());
    }
    return decision.build();
  }

  private static LogEntry parse(ByteString bytes) {
    try {
      return LogEntry.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new BugException("an entry of the record cannot be read although its hash fits", e);
    }
  }
}
