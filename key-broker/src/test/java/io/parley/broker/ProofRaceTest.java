package io.parley.broker;

import static io.parley.broker.TestConsortium.INSURER;
import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.SignedAgreement;
import io.parley.broker.store.FaultPoint;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.ProveJobRequest;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Who reads the log while it grows gets the proof of one state of it, never half of two. */
final class ProofRaceTest {
  @TempDir Path folder;

  /** Between the commit and the moment at which the log itself knows of it. */
  @Test
  void anEntryThatIsOnDiskIsProvenBeforeItsCallerIsAnswered() throws Exception {
    AtomicReference<@Nullable Runnable> onCommit = new AtomicReference<>();
    AtomicInteger proofs = new AtomicInteger();
    try (TestBroker broker =
        TestBroker.startWith(
            folder.resolve("broker"),
            point -> {
              Runnable look = point == FaultPoint.COMMITTED ? onCommit.getAndSet(null) : null;
              if (look != null) {
                look.run();
              }
            })) {
      SignedAgreement signed = broker.activate(10);
      CreateJobRequest job = TestBroker.job(signed);
      onCommit.set(() ->
          proofs.set(
              broker
                  .log(INSURER)
                  .proveJob(ProveJobRequest.newBuilder().setJobId(job.getJobId()).build())
                  .getProofsCount()));
      broker.keys(INSURER).createJob(job);
      assertThat(proofs).hasValue(1);
    }
  }
}
