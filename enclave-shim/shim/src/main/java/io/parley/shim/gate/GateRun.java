package io.parley.shim.gate;

import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateDigests;
import io.parley.gate.GateFindings;
import io.parley.gate.GateFindings.Finding;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateVerdict;
import io.parley.gate.VerificationSet;
import io.parley.seal.GateBindings;
import io.parley.seal.SealedBytes;
import io.parley.shim.attest.Enclave;
import io.parley.shim.compute.AppExecution;
import io.parley.shim.compute.AppInput;
import io.parley.shim.compute.AppRunner;
import io.parley.shim.measure.MeasuredApp;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * Runs the app on a verification set as it will be run on the real rows: the same copy, the same
 * wall, the same memory. Whatever happens, there is an outcome to tell the broker, unless the
 * enclave itself fails. Nothing of the run is left behind.
 */
public final class GateRun {
  private final AppExecution apps;
  private final Path in;
  private final SecureRandom random;
  private final Runnable clean;
  private final Supplier<Duration> elapsed;

  /**
   * @param in where inputs go
   * @param random nothing that an app could foresee
   * @param clean leaves nothing that a run could find of another
   * @param elapsed a monotonic clock
   */
  public GateRun(
      AppExecution apps, Path in, SecureRandom random, Runnable clean, Supplier<Duration> elapsed) {
    this.apps = apps;
    this.in = in;
    this.random = random;
    this.clean = clean;
    this.elapsed = elapsed;
  }

  /**
   * Runs it, and compares.
   *
   * @param subject what is run, as it will be on the real rows
   * @param left of the job's time
   * @throws EnvironmentException TIMEOUT when the job's time is over, IO_FAILED
   */
  public GateOutcome run(
      Enclave enclave, MeasuredApp app, GateSubject subject, OrderedGate gate, Duration left) {
    Watched watched;
    try {
      clean.run();
      watched = watch(enclave, app, subject, gate, left);
    } finally {
      clean.run();
    }
    VerificationSet set = gate.set();
    Digest draw = GateDigests.draw(gate.draw());
    GateFindings findings =
        new GateFindings(
            watched.findings(),
            watched.time(),
            watched.observed().peakMemoryBytes(),
            watched.observed().processes());
    return new GateOutcome(
        set.gate(),
        set.digest(),
        draw,
        GateDigests.expectation(gate.draw(), set),
        watched.result(),
        watched.verdict(),
        SealedBytes.seal(
            gate.brokerKey(),
            GateBindings.findings(enclave.signed().digest(), enclave.job(), draw, gate.brokerKey()),
            findings.encode()));
  }

  /**
   * Runs it, and once it has passed again on other values of what may not bear on the results. The
   * time of the set, and the job's, is for both.
   */
  private Watched watch(
      Enclave enclave, MeasuredApp app, GateSubject subject, OrderedGate gate, Duration left) {
    VerificationSet set = gate.set();
    AppInput input = subject.input(set.allParameters(enclave.signed()));
    GateAllowance allowance = set.allowance();
    Trial trial = new Trial(app, subject, gate, input);
    Watched first = watch(trial, Map.of(), allowance.time(), left);
    Map<String, List<String>> drawn = allowance.columns().others(subject.scope().inputs());
    if (first.verdict() != GateVerdict.PASSED || drawn.isEmpty()) {
      return first;
    }
    clean.run();
    subject.forget();
    return first.then(watch(trial, drawn, rest(allowance.time(), first), rest(left, first)), drawn);
  }

  /** What runs have in common. */
  private record Trial(MeasuredApp app, GateSubject subject, OrderedGate gate, AppInput input) {}

  private static Duration rest(Duration time, Watched first) {
    Duration rest = time.minus(first.time());
    return rest.isPositive() ? rest : Duration.ofMillis(1);
  }

  private Watched watch(
      Trial trial, Map<String, List<String>> drawn, Duration allowed, Duration left) {
    VerificationSet set = trial.gate().set();
    try {
      new GateInputs(in, random).write(trial.subject().scope(), set, drawn);
    } catch (RefusedException e) {
      return Watched.ended(GateVerdict.SET_WRONG, "verification set", "tables of the agreement", e);
    }
    Duration time = allowed.compareTo(left) < 0 ? allowed : left;
    Duration before = elapsed.get();
    AppRunner.AppExit exit;
    try {
      exit = apps.watch(trial.app(), trial.input(), time);
    } catch (EnvironmentException e) {
      if (e.reason() != Reason.TIMEOUT || time.compareTo(allowed) < 0) {
        throw e;
      }
      return Watched.ended(
          GateVerdict.LIMIT,
          "time",
          "at most %d ms".formatted(set.allowance().time().toMillis()),
          e);
    } catch (RefusedException e) {
      return Watched.ended(GateVerdict.APP_FAILED, "start", "a program that starts", e);
    }
    return judged(trial, exit, elapsed.get().minus(before));
  }

  private Watched judged(Trial trial, AppRunner.AppExit exit, Duration time) {
    GateAllowance allowance = trial.gate().set().allowance();
    AppInput input = trial.input();
    AppRunner.Observed observed = exit.observed();
    List<Finding> findings = new ArrayList<>();
    for (AppRunner.Attempt attempt : observed.attempts()) {
      findings.add(new Finding(attempt.kind(), "", attempt.what()));
    }
    if (observed.processes() > 0 && !allowance.processes()) {
      findings.add(new Finding("processes", "0", Integer.toString(observed.processes())));
    }
    if (!findings.isEmpty()) {
      return new Watched(GateVerdict.ATTEMPTED, findings, null, time, observed);
    }
    try {
      apps.requireGood(exit, input, input.memoryBytes());
    } catch (RefusedException e) {
      GateVerdict verdict =
          e.reason() == Reason.MEMORY_LIMIT ? GateVerdict.LIMIT : GateVerdict.APP_FAILED;
      findings.add(finding("end", "code 0", e));
      return new Watched(verdict, findings, null, time, observed);
    }
    if (allowance.memoryBytes() > 0 && observed.peakMemoryBytes() > allowance.memoryBytes()) {
      findings.add(
          new Finding(
              "memory",
              "at most %d bytes".formatted(allowance.memoryBytes()),
              "%d bytes".formatted(observed.peakMemoryBytes())));
      return new Watched(GateVerdict.LIMIT, findings, null, time, observed);
    }
    return compared(trial.subject(), trial.gate(), time, observed);
  }

  private Watched compared(
      GateSubject subject, OrderedGate gate, Duration time, AppRunner.Observed observed) {
    List<Finding> findings = new ArrayList<>();
    try {
      List<GateSubject.Left> outputs = subject.left();
      List<Digest> files = new ArrayList<>();
      for (int i = 0; i < outputs.size(); i++) {
        files.add(digest(outputs.get(i).file()));
        compare(outputs.get(i), gate.set().results().get(i), findings);
      }
      return new Watched(
          findings.isEmpty() ? GateVerdict.PASSED : GateVerdict.RESULT_DIFFERS,
          findings,
          GateDigests.result(gate.draw(), files),
          time,
          observed);
    } catch (RefusedException e) {
      findings.add(finding("results", "as the agreement has them", e));
      return new Watched(GateVerdict.APP_FAILED, findings, null, time, observed);
    }
  }

  private static void compare(
      GateSubject.Left output, ExpectedResult expected, List<Finding> findings) {
    String what = "result " + expected.result();
    if (!SeenResults.sameKind(output, expected)) {
      findings.add(
          new Finding(what, expected.json() ? "a JSON text" : "a table", output.format().name()));
      return;
    }
    try {
      findings.addAll(ResultComparison.compare(expected, SeenResults.read(output)));
    } catch (RefusedException e) {
      findings.add(finding(what, "a table that can be compared", e));
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static Digest digest(Path file) {
    MessageDigest sha256 = Digest.newSha256();
    byte[] buffer = new byte[1 << 16];
    try (InputStream in = Files.newInputStream(file)) {
      for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
        sha256.update(buffer, 0, count);
      }
      return Digest.ofValue(sha256.digest());
    } catch (IOException e) {
      throw unreadable(e);
    }
  }

  private static EnvironmentException unreadable(IOException e) {
    return new EnvironmentException(
        Reason.IO_FAILED, "the app's results could not be read", Map.of(), e);
  }

  private static Finding finding(String what, String expected, ParleyException e) {
    return new Finding(what, expected, String.valueOf(e.getMessage()));
  }
}
