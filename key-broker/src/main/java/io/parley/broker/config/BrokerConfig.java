package io.parley.broker.config;

import io.parley.broker.evidence.EvidenceVerifiers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What broker.yaml says. Where evidence kinds are concerned there is no default: an expectation
 * that is not set is an error at start, never "not checked".
 *
 * @param host to listen on
 * @param port 0: any free one, written to the ready file
 * @param membership folder with the signed membership lists to start from, absolute
 * @param evidence kinds of evidence that are accepted if an agreement names them too
 * @param collateral folder with what vendors publish, absolute; null: all of it comes with evidence
 * @param challengeValid how long a nonce or a credential is good for
 * @param keys where KEKs are kept
 * @param ownEvidence what this broker shows about itself
 */
public record BrokerConfig(
    String host,
    int port,
    Path membership,
    SortedSet<String> evidence,
    @Nullable Path collateral,
    Duration challengeValid,
    KeysConfig keys,
    CallLimits limits,
    OwnEvidence ownEvidence) {
  /** Longest time that a challenge may be valid. */
  public static final Duration CHALLENGE_VALID_MAX = Duration.ofMinutes(5);

  static final Duration CHALLENGE_VALID_DEFAULT = Duration.ofMinutes(2);
  private static final int PORT_MAX = 65_535;

  public BrokerConfig {
    evidence = java.util.Collections.unmodifiableSortedSet(new TreeSet<>(evidence));
    require(!host.isBlank(), "listen: the host is empty");
    require(
        port >= 0 && port <= PORT_MAX, "listen: port %d is not 0 to %d".formatted(port, PORT_MAX));
    require(!evidence.isEmpty(), "evidence: is empty; name the kinds to accept");
    Set<String> known = EvidenceVerifiers.known();
    require(
        known.containsAll(evidence),
        "evidence: %s is not all of %s, which this version can verify".formatted(evidence, known));
    require(
        challengeValid.isPositive() && challengeValid.compareTo(CHALLENGE_VALID_MAX) <= 0,
        "challenge_valid: must be more than 0 and at most 5m");
  }

  static void require(boolean holds, String problem) {
    if (!holds) {
      throw new IllegalArgumentException(problem);
    }
  }

  /**
   * What one caller may ask of the broker at a time.
   *
   * @param callsPerConnection calls in progress on one connection
   * @param callsPerParty calls in progress of one party, over all its connections
   * @param messageBytes largest request
   * @param openProposals agreements of one proposer that wait for signatures
   * @param decisionsPerMinute entries in the record of decisions that one party can cause, other
   *     than by jobs and grants
   */
  public record CallLimits(
      int callsPerConnection,
      int callsPerParty,
      int messageBytes,
      int openProposals,
      int decisionsPerMinute) {
    static final int MESSAGE_BYTES_MIN = 64 << 10;
    static final int MESSAGE_BYTES_MAX = 64 << 20;
    static final int CALLS_MAX = 10_000;

    static final CallLimits DEFAULT = new CallLimits(64, 128, 4 << 20, 100, 600);

    public CallLimits {
      requireCalls("calls_per_connection", callsPerConnection);
      requireCalls("calls_per_party", callsPerParty);
      requireCalls("open_proposals_per_party", openProposals);
      requireCalls("decisions_per_minute", decisionsPerMinute);
      require(
          messageBytes >= MESSAGE_BYTES_MIN && messageBytes <= MESSAGE_BYTES_MAX,
          "message_bytes: must be %d to %d".formatted(MESSAGE_BYTES_MIN, MESSAGE_BYTES_MAX));
    }

    private static void requireCalls(String key, int calls) {
      require(calls >= 1 && calls <= CALLS_MAX, "%s: must be 1 to %d".formatted(key, CALLS_MAX));
    }
  }
}
