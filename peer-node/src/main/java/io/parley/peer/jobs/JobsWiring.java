package io.parley.peer.jobs;

import com.google.protobuf.ByteString;
import io.parley.agreement.JobSpec;
import io.parley.identity.Membership;
import io.parley.peer.broker.BrokerTrust;
import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.EnclaveLauncher;
import io.parley.peer.relay.Admissions;
import io.parley.peer.results.ResultFiles;
import io.parley.peer.store.JobStore;
import io.parley.peer.store.NodeDatabase;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;

/** Puts the jobs of a node together. */
public final class JobsWiring {
  /**
   * What jobs are made of.
   *
   * @param startWithin how long a job that was joined waits for its submitter to start it
   * @param threads platform threads, as many as it takes
   */
  public record Needs(
      String party,
      NodeDatabase database,
      Supplier<Membership> membership,
      Broker broker,
      BrokerTrust trust,
      Peers peers,
      Datasets datasets,
      AppShelf apps,
      ResultFiles results,
      Admissions admissions,
      EnclaveLauncher launcher,
      long enclaveMemoryBytes,
      String evidenceKind,
      int runningMax,
      Duration startWithin,
      ExecutorService threads,
      SecureRandom random,
      InstantSource clock) {}

  private JobsWiring() {}

  public static Jobs jobs(Needs needs) {
    return jobs(needs, JobRun.Pulse.DEFAULT);
  }

  static Jobs jobs(Needs needs, JobRun.Pulse pulse) {
    JobStore store = new JobStore(needs.database(), JobsWiring::parameters);
    Host host =
        new Host(
            needs.launcher(),
            needs.enclaveMemoryBytes(),
            needs.evidenceKind(),
            needs.broker(),
            needs.peers(),
            needs.datasets(),
            needs.results(),
            needs.threads());
    Preparation preparation = new Preparation(needs.datasets(), needs.apps(), needs.peers());
    JobFeed feed = new JobFeed(store);
    return new Jobs(
        needs.party(),
        store,
        whenEnded ->
            new JobDesk(
                host,
                feed,
                preparation,
                needs.admissions(),
                needs.membership(),
                needs.clock(),
                pulse,
                needs.startWithin(),
                whenEnded),
        new JobChecks(
            needs.party(),
            needs.broker(),
            needs.membership(),
            preparation,
            needs.clock(),
            needs.evidenceKind(),
            needs.trust()),
        needs.random(),
        needs.runningMax());
  }

  private static Map<String, String> parameters(ByteString spec) {
    return JobSpec.decode(spec).parameters();
  }
}
