package io.parley.identity;

import java.util.Locale;

/** What a certificate allows its holder to be. */
public enum Role {
  /** A party's peer node. */
  NODE,
  /** Submits jobs and reads what is its party's. */
  ANALYST,
  /** What an analyst may; also adds datasets and apps, signs agreements and membership. */
  OPERATOR,
  /** The server in a party's confidential VM that starts enclaves for its peer node. */
  ENCLAVE,
  /** The key broker. */
  BROKER;

  /** As it stands in certificates. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
