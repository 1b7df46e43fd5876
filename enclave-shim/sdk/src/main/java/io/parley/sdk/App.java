package io.parley.sdk;

/**
 * An analysis: reads the datasets of a job, writes its results.
 *
 * <p>Called once, on the main thread, in a process that lives for this one job.
 */
@FunctionalInterface
public interface App {
  /**
   * Does the work. A normal return means that every result has been written.
   *
   * @throws AppException when the app knows why it cannot go on; reason and message reach the
   *     people who submitted the job
   * @throws Exception anything else; only its type reaches them, for a message could hold values
   */
  void run(JobContext job) throws Exception;
}
