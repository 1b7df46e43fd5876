package io.parley.agreement.platform;

/** Whose evidence a policy is about. */
public enum PolicyUse {
  /** An enclave's, for a job: what its launcher measured is compared whatever the policy says. */
  ENCLAVE,
  /** The broker's own. */
  BROKER,
  /** Any platform's, from a file of its own, which names its kind. */
  FILE
}
