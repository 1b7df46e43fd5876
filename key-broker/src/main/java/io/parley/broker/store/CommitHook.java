package io.parley.broker.store;

import org.jdbi.v3.core.Handle;

/**
 * What has a part in every commit of the store. Called by the one thread that writes, never by two
 * at a time.
 */
public interface CommitHook {
  /** For stores that nothing else depends on. */
  CommitHook NONE =
      new CommitHook() {
        @Override
        public void afterUndo() {}

        @Override
        public void beforeCommit(Handle write) {}

        @Override
        public void afterCommit() {}
      };

  /**
   * Something of the transaction, or all of it, was taken back: what was read from it before may be
   * no longer so.
   */
  void afterUndo();

  /**
   * Adds to a transaction whose work is done. When it throws, nothing of the transaction is kept,
   * and what an earlier call prepared is void.
   */
  void beforeCommit(Handle write);

  /** The transaction of the last {@link #beforeCommit} is on disk; nobody has been answered yet. */
  void afterCommit();
}
