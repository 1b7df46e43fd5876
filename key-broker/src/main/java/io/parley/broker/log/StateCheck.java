package io.parley.broker.log;

import com.google.protobuf.ByteString;
import io.parley.agreement.AgreementCodec;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.SignedAgreement;
import io.parley.broker.log.Decision.Action;
import io.parley.broker.store.Columns;
import io.parley.broker.store.Store;
import io.parley.proto.broker.v1.Decision;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jdbi.v3.core.Handle;
import org.jspecify.annotations.Nullable;

/**
 * Compares what the broker acts on with what its log says it did: which agreements there are, which
 * jobs were counted, which enclaves got keys, which answers are on record, which receipts were
 * signed. A count that was set back in the database, or a row that was changed or taken out, does
 * not fit the log any more.
 */
final class StateCheck {
  private final Map<ByteString, Integer> jobsOf = new HashMap<>();
  private final Map<String, ByteString> jobs = new HashMap<>();
  private final Map<String, ByteString> grants = new HashMap<>();
  private final Map<String, ByteString> receipts = new HashMap<>();
  private final Map<String, ByteString> answers = new HashMap<>();
  private final Set<ByteString> proposed = new HashSet<>();
  private final Set<ByteString> active = new HashSet<>();
  private final Map<ByteString, Halt> halted = new HashMap<>();

  private record Halt(String by, Set<String> resumeAskedBy) {}

  /**
   * Passes when the database says the same as the decisions that were noted.
   *
   * @throws EnvironmentException STORE_FAILED
   */
  void compare(Store store) {
    store.read(read -> {
      agreements(read);
      same(read, "job", "SELECT job_id AS what, job_sha256 AS digest FROM job", jobs);
      same(
          read,
          "enclave",
          "SELECT job_id || '/' || party AS what, evidence_sha256 AS digest FROM enclave",
          grants);
      same(read, "answer", "SELECT lower(hex(head)) AS what, head AS digest FROM answer", answers);
      receipts(read);
      return true;
    });
  }

  /** One more decision, in order. */
  void note(Decision decision) {
    String job = decision.getJobId();
    ByteString subject = decision.getSubjectSha256();
    String action = decision.getAction();
    if (action.equals(Action.PROPOSE.text())) {
      proposed.add(decision.getAgreementSha256());
    } else if (action.equals(Action.ACTIVATE.text())) {
      active.add(decision.getAgreementSha256());
    } else if (action.equals(Action.HALT.text())) {
      halted.put(decision.getAgreementSha256(), new Halt(decision.getParty(), new HashSet<>()));
    } else if (action.equals(Action.RESUME.text())) {
      halted.computeIfPresent(
          decision.getAgreementSha256(),
          (agreement, halt) -> {
            halt.resumeAskedBy().add(decision.getParty());
            return halt;
          });
    } else if (action.equals(Action.JOB.text())) {
      jobs.put(job, subject);
      jobsOf.merge(decision.getAgreementSha256(), 1, Integer::sum);
    } else if (action.equals(Action.GRANT.text())) {
      grants.put(job + "/" + decision.getParty(), subject);
    } else if (action.equals(Action.ANSWER.text())) {
      answers.put(new Digest(subject).hex(), subject);
    } else if (action.equals(Action.RECEIPT.text())) {
      receipts.put(job + "/" + decision.getParty(), subject);
    }
  }

  private void agreements(Handle read) {
    Set<ByteString> stored = new HashSet<>();
    read.createQuery("SELECT sha256, payload, jobs_started, activated_at, halted_by FROM agreement")
        .map((row, context) -> {
          ByteString digest = Columns.bytes(row, "sha256");
          ByteString payload = Columns.bytes(row, "payload");
          String what = "agreement " + new Digest(digest);
          require(Digest.of(payload).value().equals(digest), what, "was changed");
          int logged = jobsOf.getOrDefault(digest, 0);
          int counted = Columns.integer(row, "jobs_started");
          require(
              counted == logged,
              what,
              "has a count of %d jobs, the log has %d".formatted(counted, logged));
          require(
              (row.getObject("activated_at") != null) == active.contains(digest),
              what,
              "is active in one of them only");
          require(
              Objects.equals(row.getString("halted_by"), haltedBy(digest, payload)),
              what,
              "is halted otherwise than the log has it");
          parties(read, digest, payload, what);
          return digest;
        })
        .forEach(stored::add);
    require(
        stored.equals(proposed),
        "the list of agreements",
        "has %d, the log %d or others".formatted(stored.size(), proposed.size()));
  }

  /** Who the parties are goes by the payload, and signatures are good or not there. */
  private static void parties(Handle read, ByteString digest, ByteString payload, String what) {
    List<DsseSignature> signatures = new ArrayList<>();
    List<String> stored =
        read.createQuery(
                "SELECT party, signing_key, signature FROM agreement_party WHERE agreement = :sha256"
                    + " ORDER BY party")
            .bind("sha256", digest.toByteArray())
            .map((row, context) -> {
              String party = Columns.text(row, "party");
              ByteString signature = Columns.bytesOrNull(row, "signature");
              if (signature != null) {
                signatures.add(new DsseSignature(party, signature));
              }
              return party + " " + new Digest(Columns.bytes(row, "signing_key"));
            })
            .list();
    SignedAgreement signed = new SignedAgreement(payload, signatures);
    require(
        stored.equals(
            signed.agreement().parties().stream()
                .map(party -> party.name() + " " + party.signingKey().digest())
                .sorted()
                .toList()),
        what,
        "has other parties than its text");
    require(signed.signedBy().size() == signatures.size(), what, "has a signature that is wrong");
  }

  private @Nullable String haltedBy(ByteString digest, ByteString payload) {
    Halt halt = halted.get(digest);
    return halt == null
            || halt.resumeAskedBy().size() == AgreementCodec.decode(payload).parties().size()
        ? null
        : halt.by();
  }

  private static void require(boolean holds, String what, String how) {
    if (!holds) {
      throw differs(what, how);
    }
  }

  private void receipts(Handle read) {
    Map<String, ByteString> stored = new HashMap<>();
    read.createQuery("SELECT job_id || '/' || computed_at AS what, envelope FROM receipt")
        .map((row, context) ->
            Map.entry(
                Columns.text(row, "what"),
                Digest.of(DsseEnvelope.decode(Columns.bytes(row, "envelope")).payload()).value()))
        .forEach(entry -> stored.put(entry.getKey(), entry.getValue()));
    compare("receipt", stored, receipts);
  }

  private void same(Handle read, String kind, String sql, Map<String, ByteString> logged) {
    Map<String, ByteString> stored = new HashMap<>();
    read.createQuery(sql)
        .map((row, context) -> Map.entry(Columns.text(row, "what"), Columns.bytes(row, "digest")))
        .forEach(entry -> stored.put(entry.getKey(), entry.getValue()));
    compare(kind, stored, logged);
  }

  private static void compare(
      String kind, Map<String, ByteString> stored, Map<String, ByteString> logged) {
    Set<String> all = new HashSet<>(stored.keySet());
    all.addAll(logged.keySet());
    for (String what : all) {
      ByteString digest = logged.get(what);
      if (digest == null || !stored.containsKey(what)) {
        throw differs(
            kind + " " + what, digest == null ? "is not in the log" : "is in the log only");
      }
      // Entries of earlier versions have no subject.
      if (!digest.isEmpty() && !digest.equals(stored.get(what))) {
        throw differs(kind + " " + what, "is another one than the log has");
      }
    }
  }

  private static EnvironmentException differs(String what, String how) {
    return new EnvironmentException(
        Reason.STORE_FAILED,
        "the broker's database does not fit its log of decisions: %s %s. Put back broker.db from a"
                .formatted(what, how)
            + " backup of one moment, or keep it as proof and set up a new broker",
        Map.of());
  }
}
