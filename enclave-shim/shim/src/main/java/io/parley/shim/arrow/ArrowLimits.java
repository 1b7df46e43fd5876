package io.parley.shim.arrow;

/** Upper bounds on what is read; all are checked before memory is taken. */
public final class ArrowLimits {
  /** Body of one record batch. Whoever writes a dataset keeps its batches below this. */
  public static final int BATCH_BODY_BYTES_MAX = 64 << 20;

  /** The same as an enclave sends it on, each buffer padded anew. */
  public static final int SENT_BODY_BYTES_MAX = BATCH_BODY_BYTES_MAX + (1 << 20);

  /** Metadata of one message: 1024 columns need less than 200 KiB. */
  static final int METADATA_BYTES_MAX = 1 << 20;

  /** Record batches in one file. */
  static final int BATCH_COUNT_MAX = 500_000;

  static final int FOOTER_BYTES_MAX = 32 << 20;

  /** Fields in a file; the agreement lets at most 1024 of them go. */
  static final int FIELD_COUNT_MAX = 4096;

  private ArrowLimits() {}
}
