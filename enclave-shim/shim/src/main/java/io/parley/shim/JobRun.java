package io.parley.shim;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.agreement.ComparedDatasets;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.ResultRule;
import io.parley.gate.GateOutcome;
import io.parley.shim.answers.OverlapGuard;
import io.parley.shim.attest.Attester;
import io.parley.shim.attest.Enclave;
import io.parley.shim.attest.EnclaveKeys;
import io.parley.shim.chain.ChainExecution;
import io.parley.shim.compute.AppExecution;
import io.parley.shim.compute.AppInput;
import io.parley.shim.exchange.DatasetUse;
import io.parley.shim.exchange.Exchange;
import io.parley.shim.exchange.MemoryBudget;
import io.parley.shim.exchange.StreamPlan;
import io.parley.shim.gate.OrderedGate;
import io.parley.shim.host.Broker;
import io.parley.shim.host.HostConnection;
import io.parley.shim.host.JobOrder;
import io.parley.shim.host.Platform;
import io.parley.shim.keys.JobKeys;
import io.parley.shim.keys.KeyRequest;
import io.parley.shim.measure.MeasuredApp;
import io.parley.shim.measure.MeasuredApps;
import io.parley.shim.release.Output;
import io.parley.shim.release.OutputRules;
import io.parley.shim.release.Release;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
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
                parts.patience().beyond(terms.agreement().gates().size()),
                parts.random(),
                (done, total) -> progress.report("exchange", "rows", done, total));
        EnclaveKeys enclaveKeys = preparation.keys(terms.agreement().environment().hpke())) {
      @Nullable MeasuredApps apps = terms.computes() ? preparation.apps() : null;
      @Nullable Digest app = apps == null ? null : measured(apps, terms.agreement());
      Enclave enclave =
          new Enclave(
              terms.signed(),
              terms.spec(),
              terms.job(),
              terms.party(),
              app,
              preparation.tests(),
              enclaveKeys);
      try (JobKeys keys = requestKeys(enclave, apps)) {
        progress.report("exchange", "rows", 0, 0);
        if (apps == null || app == null) {
          List<DatasetUse> sent = exchange.send(enclave, keys);
          progress.report("exchange", "sent", sent.size(), sent.size());
          return ByteString.EMPTY;
        }
        requireAgreed(app, enclave.agreement());
        requireRules(apps, enclave.agreement());
        return compute(apps, enclave, exchange, keys);
      }
    }
  }

  /** What evidence names as the app: what was measured, whatever was agreed. */
  private static Digest measured(MeasuredApps apps, Agreement agreement) {
    Chain chain = agreement.chain();
    if (chain != null) {
      return chain.withApps(apps.digests()).digest();
    }
    if (apps.digests().size() > 1) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "the host gave %d apps; the agreement names one".formatted(apps.digests().size()));
    }
    return apps.first().digest();
  }

  private JobKeys requestKeys(Enclave enclave, @Nullable MeasuredApps apps) {
    progress.report("attest", "asking the key broker", 0, 0);
    Attester attester = new Attester(new Platform(host), order.evidenceKind());
    return new KeyRequest(
            new Broker(host), attester, parts.retries(), gate -> tryOut(enclave, apps, gate))
        .request(enclave);
  }

  /** A gate, before there is any key in this enclave. */
  private GateOutcome tryOut(Enclave enclave, @Nullable MeasuredApps apps, OrderedGate gate) {
    Digest app = enclave.app();
    if (apps == null || app == null) {
      throw new BugException("an enclave without an app was given a gate to pass");
    }
    requireAgreed(app, enclave.agreement());
    return new GateTrials(parts, apps, order.memoryLimitBytes(), clock, progress)
        .run(enclave, gate);
  }

  private ByteString compute(MeasuredApps apps, Enclave enclave, Exchange exchange, JobKeys keys) {
    MemoryBudget budget =
        new MemoryBudget(order.memoryLimitBytes(), parts.ownBytes() + apps.largestBytes());
    Chain chain = enclave.agreement().chain();
    Path in = chain == null ? parts.folders().in() : heldFolder();
    List<DatasetUse> inputs = exchange.sendAndReceive(enclave, keys, in, budget);
    progress.report("compute", "running the app", 0, 0);
    Duration before = clock.elapsed();
    List<Output> outputs =
        chain == null
            ? single(apps.first(), enclave, keys, budget)
            : chained(chain, apps, enclave, budget);
    Duration appTime = clock.elapsed().minus(before);
    progress.report("release", "sealing the results", 0, 0);
    return new Release(
            host, enclave, order.evidenceKind(), keys.broker(), parts.random(), parts.retries())
        .release(outputs, inputs, appTime);
  }

  /** The app's answer, once it is on record where it has to be. */
  private List<Output> single(MeasuredApp app, Enclave enclave, JobKeys keys, MemoryBudget budget) {
    AdmittedRun.of(
        parts.folders().out(),
        () ->
            new AppExecution(parts.apps(), parts.folders().in(), parts.folders().out())
                .run(
                    app,
                    input(enclave, budget),
                    budget.limitBytes(),
                    clock.left(),
                    (message, done, total) -> progress.report("compute", message, done, total)),
        () -> admit(enclave, keys));
    return OutputRules.collect(
        parts.folders().out(), enclave.agreement().results(), enclave.agreement().queries());
  }

  private List<Output> chained(
      Chain chain, MeasuredApps apps, Enclave enclave, MemoryBudget budget) {
    return ChainExecution.run(
        new ChainExecution.Needs(
            parts.apps(),
            parts.folders(),
            apps,
            budget,
            enclave.spec().allParameters(enclave.agreement()),
            clock::left,
            parts.threads()),
        enclave.agreement(),
        chain,
        (message, done, total) -> progress.report("compute", message, done, total));
  }

  private Path heldFolder() {
    try {
      return Files.createDirectories(parts.folders().held());
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "no folder for the datasets could be made", Map.of(), e);
    }
  }

  private void admit(Enclave enclave, JobKeys keys) {
    OverlapGuard guard =
        new OverlapGuard(new Broker(host), enclave, keys, parts.random(), parts.retries());
    try (OverlapGuard.Answer answer =
        guard.take(parts.folders().out(), ComparedDatasets.of(enclave.agreement()))) {
      progress.report("compute", "comparing with earlier answers", 0, 0);
      answer.admit();
    }
  }

  private AppInput input(Enclave enclave, MemoryBudget budget) {
    return new AppInput(
        enclave.spec().allParameters(enclave.agreement()),
        ParameterValues.types(enclave.agreement().parameters()),
        enclave.agreement().datasets().stream().map(AppInput.Table::of).toList(),
        enclave.agreement().results().stream().map(AppInput.Wanted::of).toList(),
        enclave.agreement().queries(),
        List.copyOf(ComparedDatasets.of(enclave.agreement()).keySet()),
        budget.appBytes(),
        parts.threads());
  }

  /** The broker has refused already; this is in case that it did not. */
  private static void requireAgreed(Digest app, Agreement agreement) {
    if (!app.equals(agreement.app())) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "the host's app is %s; the agreement names %s".formatted(app, agreement.app()),
          Map.of("expected", agreement.app().toString(), "seen", app.toString()));
    }
  }

  /** What only the app can enforce, an app must say that it enforces; in a chain each step's. */
  private static void requireRules(MeasuredApps apps, Agreement agreement) {
    if (agreement.chain() == null
        && agreement.needsRules()
        && !apps.first().enforces(MeasuredApp.RULES)) {
      throw new RefusedException(
          Reason.RULE_APP,
          "the agreement has min_group or 'queries: within_rules', and the app's %s does not say 'enforces: [%s]'; use an app that does, such as sql"
              .formatted(MeasuredApp.DESCRIPTION, MeasuredApp.RULES),
          Map.of("app", apps.first().digest().toString()));
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
