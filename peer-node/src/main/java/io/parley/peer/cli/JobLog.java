package io.parley.peer.cli;

import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.InclusionProof;
import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** Where decisions are read and proved from: the broker, or a log as files. */
interface JobLog {
  /** The whole id that its first digits name. */
  String findJob(String text);

  /**
   * What is readable, oldest first.
   *
   * @param jobId only this job's, unless empty
   */
  void decisions(String jobId, Consumer<Decision> seen) throws IOException;

  /** That a job's decisions are in the log, oldest first; not checked yet. */
  List<InclusionProof> prove(String jobId) throws IOException;
}
