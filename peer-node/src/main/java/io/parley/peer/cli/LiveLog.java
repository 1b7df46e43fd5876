package io.parley.peer.cli;

import io.parley.proto.broker.v1.Decision;
import io.parley.tlog.InclusionProof;
import java.util.List;
import java.util.function.Consumer;

/** The broker's log, asked for now; jobs are those that this party's node knows. */
record LiveLog(Session session) implements JobLog {
  @Override
  public String findJob(String text) {
    return session.node().findJob(text);
  }

  @Override
  public void decisions(String jobId, Consumer<Decision> seen) {
    session.broker().decisions(jobId, seen);
  }

  @Override
  public List<InclusionProof> prove(String jobId) {
    return session.broker().proveJob(jobId).stream().map(InclusionProof::parse).toList();
  }
}
