package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dataset;
import io.parley.agreement.ResultRule;
import io.parley.shim.attest.Attester;
import io.parley.shim.attest.Enclave;
import io.parley.shim.attest.EnclaveKeys;
import io.parley.shim.compute.AppExecution;
import io.parley.shim.compute.AppInput;
import io.parley.shim.exchange.DatasetUse;
import io.parley.shim.exchange.Exchange;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.exchange.StreamPlan;
import io.parley.shim.host.Broker;
import io.parley.shim.host.HostConnection;
import io.parley.shim.host.JobOrder;
import io.parley.shim.host.Platform;
import io.parley.shim.keys.JobKeys;
import io.parley.shim.keys.KeyRequest;
import io.parley.shim.measure.MeasuredApp;
import io.parley.shim.release.Output;
import io.parley.shim.release.OutputRules;
import io.parley.shim.release.Release;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** One job of one enclave, from the host's order to the receipt: DESIGN.md, steps 5 to 11. */
final class JobRun {
  private final ShimParts parts;
  private final HostConnection host;
  private final JobOrder order;
  private final JobClock clock;
  private final ProgressReporter progress;

  JobRun(ShimParts parts, HostConnection host, JobOrder order, JobClock clock) {
    this.parts = parts;
    this.host = host;
    this.order = order;
    this.clock = clock;
    this.progress = new ProgressReporter(host, parts.nanos());
  }

  /** The receipt's envelope where this enclave computes, else nothing. */
  ByteString run(Preparation preparation) {
    JobTerms terms = JobTerms.of(order);
    StreamPlan plan = StreamPlan.of(terms.agreement(), terms.party());
    host.expectOnly(plan.ownNames(), plan.channels(), resultNames(terms));
    progress.report("test", "testing the enclave", 0, 0);
    try (Exchange exchange =
            Exchange.begin(
                host,
                plan,
                parts.patience(),
                parts.random(),
                (done, total) -> progress.report("exchange", "rows", done, total));
        EnclaveKeys enclaveKeys = preparation.keys(terms.agreement().environment().hpke())) {
      @Nullable MeasuredApp app = terms.computes() ? preparation.app() : null;
      Enclave enclave =
          new Enclave(
              terms.signed(),
              terms.spec(),
              terms.job(),
              terms.party(),
              app == null ? null : app.digest(),
              preparation.tests(),
              enclaveKeys);
      try (JobKeys keys = requestKeys(enclave)) {
        progress.report("exchange", "rows", 0, 0);
        if (app == null) {
          List<DatasetUse> sent = exchange.send(enclave, keys);
          progress.report("exchange", "sent", sent.size(), sent.size());
          return ByteString.EMPTY;
        }
        requireAgreed(app, enclave);
        return compute(app, enclave, exchange, keys);
      }
    }
  }

  private JobKeys requestKeys(Enclave enclave) {
    progress.report("attest", "asking the key broker", 0, 0);
    Attester attester = new Attester(new Platform(host), order.evidenceKind());
    return new KeyRequest(new Broker(host), attester, parts.retries()).request(enclave);
  }

  private ByteString compute(MeasuredApp app, Enclave enclave, Exchange exchange, JobKeys keys) {
    MemoryBudget budget =
        new MemoryBudget(order.memoryLimitBytes(), parts.ownBytes() + app.sizeBytes());
    List<DatasetUse> inputs = exchange.sendAndReceive(enclave, keys, parts.folders().in(), budget);
    progress.report("compute", "running the app", 0, 0);
    Duration before = clock.elapsed();
    new AppExecution(parts.apps(), parts.folders().in(), parts.folders().out())
        .run(
            app,
            input(enclave, budget),
            budget.limitBytes(),
            clock.left(),
            (message, done, total) -> progress.report("compute", message, done, total));
    Duration appTime = clock.elapsed().minus(before);
    progress.report("release", "sealing the results", 0, 0);
    List<Output> outputs =
        OutputRules.collect(parts.folders().out(), enclave.agreement().results());
    return new Release(
            host, enclave, order.evidenceKind(), keys.broker(), parts.random(), parts.retries())
        .release(outputs, inputs, appTime);
  }

  private AppInput input(Enclave enclave, MemoryBudget budget) {
    return new AppInput(
        enclave.spec().allParameters(enclave.agreement()),
        enclave.agreement().datasets().stream().map(Dataset::name).toList(),
        enclave.agreement().results().stream().map(ResultRule::name).toList(),
        budget.appBytes(),
        parts.threads());
  }

  /** The broker has refused already; this is in case that it did not. */
  private static void requireAgreed(MeasuredApp app, Enclave enclave) {
    if (!app.digest().equals(enclave.agreement().app())) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "the host's app is %s; the agreement names %s"
              .formatted(app.digest(), enclave.agreement().app()),
          Map.of(
              "expected", enclave.agreement().app().toString(),
              "seen", app.digest().toString()));
    }
  }

  private static Set<String> resultNames(JobTerms terms) {
    return terms.computes()
        ? terms.agreement().results().stream()
            .map(ResultRule::name)
            .collect(Collectors.toUnmodifiableSet())
        : Set.of();
  }
}
