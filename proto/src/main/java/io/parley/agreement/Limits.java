package io.parley.agreement;

/** How large an agreement may be. */
public final class Limits {
  /** Serialised agreement, job or membership list, and the YAML text. */
  public static final int MAX_DOCUMENT_BYTES = 1 << 20;

  public static final int MAX_PARTIES = 64;
  public static final int MAX_DATASETS = 256;
  public static final int MAX_COLUMNS = 1024;
  public static final int MAX_RESULTS = 64;
  public static final int MAX_PARAMETERS = 256;

  /** Steps of a chain. */
  public static final int MAX_STEPS = 16;

  /** Verification gates before steps: what evidence says of all of them must fit into claims. */
  public static final int MAX_STEP_GATES = 32;

  public static final int MAX_TESTS = 64;
  public static final int MAX_SHIMS = 16;
  public static final int MAX_NAME_CHARS = 63;
  public static final int MAX_COLUMN_NAME_CHARS = 128;
  public static final int MAX_OUTCOME_CHARS = 64;

  /** Text of one parameter's value, in UTF-8. */
  public static final int MAX_VALUE_BYTES = 1 << 16;

  /** Of one identity there is no group, so the least is two. */
  public static final int LEAST_GROUP = 2;

  public static final int MAX_GROUP = 1_000_000;

  public static final long MAX_ROWS = 1_000_000_000_000L;
  public static final int MAX_JOBS = 1_000_000_000;

  /** The largest smallest group for which answers can be compared with each other. */
  public static final int MAX_COMPARED_GROUP = 1000;

  private Limits() {}
}
