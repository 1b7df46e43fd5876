package io.parley.peer.cli;

import io.parley.wire.ParleyException;

/** What to do about a failure, where a next step is known. */
final class Hints {
  private Hints() {}

  static String of(ParleyException failure, String command) {
    return switch (failure.reason()) {
      case PEER_UNAVAILABLE ->
          "is the party's node running? 'parley peer serve' starts it, 'parley doctor' looks around";
      case BROKER_UNAVAILABLE ->
          "is the broker running? 'parley broker serve' starts it, 'parley doctor' looks around";
      case BROKER_EVIDENCE_MISSING ->
          "whoever runs the broker sets own_evidence in broker.yaml; see deploy/docs/evidence.md";
      case BROKER_EVIDENCE_WRONG, BROKER_EVIDENCE_UNCHECKED ->
          "'parley broker verify DIGEST --explain' shows every claim beside what is demanded";
      case UNAUTHENTICATED, NOT_A_MEMBER ->
          "'parley consortium show' says who is a member; 'parley identity show' says who you are and"
              + " until when";
      case ROLE_MISSING ->
          "choose another client certificate with --as; 'parley identity show' lists them";
      case AGREEMENT_NOT_FOUND ->
          "'parley agreement list' shows the agreements that name your party";
      case AGREEMENT_NOT_ACTIVE -> "'parley agreement show DIGEST' says whose signature is missing";
      case AGREEMENT_HALTED -> "it runs again when every party has said 'parley agreement resume'";
      case LOG_NOT_WITNESSED ->
          "is this party's node running? It shows the broker what it cosigned by itself";
      case LOG_FORKED ->
          "tell the other parties: 'parley log verify' compares, deploy/docs/log.md says what to do";
      case AGREEMENT_NOT_HALTED -> "'parley agreement halt DIGEST' halts it, at once";
      case AGREEMENT_SUPERSEDED, OUTSIDE_WINDOW, MAX_JOBS_REACHED, DAILY_JOBS_REACHED ->
          "'parley agreement show DIGEST' says what is left, and what took its place";
      case KEY_RETIRED, KEY_REVOKED, KEYS_SHREDDED, KEY_NOT_FOUND ->
          "'parley key list DIGEST' says where each key stands";
      case INVALID_REVISION -> "'parley agreement revise --help' says what may replace what";
      case KEY_VAULT_FAILED -> "the broker's log says more; see deploy/docs/keys.md";
      case JOB_NOT_FOUND -> "'parley job list' shows the jobs that you may see";
      case DATASET_NOT_FOUND ->
          "'parley dataset list' shows what your node has; 'parley dataset add' adds";
      case APP_NOT_FOUND -> "'parley app list' shows what your node has; 'parley app add' adds";
      case INVALID_INVITATION -> "an invitation is good once and for a time; ask for a new one";
      case INVALID_AGREEMENT ->
          "the form is explained in README.md and by 'parley agreement draft --help'";
      case ENCLAVE_UNAVAILABLE ->
          "does the enclave server run? 'parley enclave serve' starts it, 'parley doctor' looks around";
      case SANDBOX_UNAVAILABLE -> "'parley doctor' says what the sandbox needs on this machine";
      case PLATFORM_UNAVAILABLE ->
          "'parley doctor' says whether what vouches for enclaves works on this machine";
      case MEMORY_LIMIT -> "raise enclave.memory in parley.yaml, or ask for less";
      case INVALID_REQUEST, INVALID_PARAMETER, INVALID_DATASET, INVALID_APP, INVALID_CONFIG ->
          command + " --help";
      case INTERNAL -> "this is a bug in parley; --debug shows where, the node's log may say more";
      default -> "";
    };
  }
}
