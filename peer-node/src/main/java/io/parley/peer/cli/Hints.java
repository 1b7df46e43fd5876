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
      case UNAUTHENTICATED, NOT_A_MEMBER ->
          "'parley consortium show' says who is a member; 'parley identity show' says who you are and"
              + " until when";
      case ROLE_MISSING ->
          "choose another client certificate with --as; 'parley identity show' lists them";
      case AGREEMENT_NOT_FOUND ->
          "'parley agreement list' shows the agreements that name your party";
      case AGREEMENT_NOT_ACTIVE -> "'parley agreement show DIGEST' says whose signature is missing";
      case AGREEMENT_HALTED -> "it runs again when every party has said 'parley agreement resume'";
      case JOB_NOT_FOUND -> "'parley job list' shows the jobs that you may see";
      case DATASET_NOT_FOUND ->
          "'parley dataset list' shows what your node has; 'parley dataset add' adds";
      case APP_NOT_FOUND -> "'parley app list' shows what your node has; 'parley app add' adds";
      case INVALID_INVITATION -> "an invitation is good once and for a time; ask for a new one";
      case INVALID_AGREEMENT ->
          "the form is explained in README.md and by 'parley agreement draft --help'";
      case SANDBOX_UNAVAILABLE -> "'parley doctor' says what the sandbox needs on this machine";
      case MEMORY_LIMIT -> "raise enclave.memory in parley.yaml, or ask for less";
      case INVALID_REQUEST, INVALID_PARAMETER, INVALID_DATASET, INVALID_APP, INVALID_CONFIG ->
          command + " --help";
      case INTERNAL -> "this is a bug in parley; --debug shows where, the node's log may say more";
      default -> "";
    };
  }
}
