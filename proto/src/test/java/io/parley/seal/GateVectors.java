package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.gate.ExpectedColumn;
import io.parley.gate.ExpectedResult;
import io.parley.gate.GateAllowance;
import io.parley.gate.GateDigests;
import io.parley.gate.GateOrder;
import io.parley.gate.GateOutcome;
import io.parley.gate.GateVerdict;
import io.parley.gate.Tolerance;
import io.parley.gate.VerificationSet;
import io.parley.gate.VerificationTable;
import io.parley.wire.Digest;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;

/** What protocol.md prints of verification gates: one before a step of a chain. */
final class GateVectors {
  private static final Gate GATE = new Gate("north", "join");

  private final Digest agreement;
  private final Digest job;
  private final Digest evidence;
  private final Digest app;
  private final HpkePublicKey enclave;
  private final HpkePublicKey broker;
  private final ByteString draw;
  private final ByteString salt;
  private final String jobId;

  /**
   * @param seed 32 bytes of this value
   */
  GateVectors(
      String jobId,
      Digest agreement,
      Digest job,
      Digest evidence,
      Digest app,
      HpkePublicKey enclave,
      HpkePublicKey broker,
      Function<Integer, ByteString> seed) {
    this.jobId = jobId;
    this.agreement = agreement;
    this.job = job;
    this.evidence = evidence;
    this.app = app;
    this.enclave = enclave;
    this.broker = broker;
    this.draw = seed.apply(0x61);
    this.salt = seed.apply(0x62);
  }

  Map<String, ByteString> all(Function<ByteString, ByteString> north) {
    Map<String, ByteString> vectors = new LinkedHashMap<>();
    VerificationSet set = set();
    vectors.put("gate.set", set.encode());
    vectors.put("gate.set_sha256", set.digest().value());
    vectors.put("gate.set_signature", north.apply(set.encode()));
    vectors.put("gate.broker_public", broker.key());
    Binding sealed = GateBindings.verificationSet(agreement, GATE.owner(), broker);
    vectors.put("gate.set_info", sealed.info());
    vectors.put("gate.set_aad", sealed.aad());
    Binding task =
        GateBindings.task(agreement, job, evidence, "south", GATE.owner(), GATE.step(), enclave);
    vectors.put("gate.task_info", task.info());
    vectors.put("gate.task_aad", task.aad());
    vectors.put("gate.draw", draw);
    Digest drawn = GateDigests.draw(draw);
    vectors.put("gate.draw_sha256", drawn.value());
    Binding findings = GateBindings.findings(agreement, job, drawn, broker);
    vectors.put("gate.findings_info", findings.info());
    vectors.put("gate.findings_aad", findings.aad());
    Digest expectation = GateDigests.expectation(draw, set);
    Digest result = GateDigests.result(draw, List.of(app));
    vectors.put("gate.expectation_sha256", expectation.value());
    vectors.put("gate.result_sha256", result.value());
    // Whatever was sealed: its form is that of all sealed messages.
    SealedBytes bytes = new SealedBytes(HpkeSuite.X25519, salt, ByteString.copyFrom(new byte[16]));
    vectors.put(
        "gate.order",
        new GateOrder(jobId, "south", agreement, job, evidence, GATE, set.digest(), bytes)
            .encode());
    vectors.put(
        "gate.outcome",
        new GateOutcome(GATE, set.digest(), drawn, expectation, result, GateVerdict.PASSED, bytes)
            .toMessage()
            .toByteString());
    return vectors;
  }

  private VerificationSet set() {
    return new VerificationSet(
        agreement,
        GATE.owner(),
        "small",
        GATE.step(),
        app,
        new TreeMap<>(Map.of("query", "SELECT 1")),
        List.of(
            new VerificationTable("customers", 1, ByteString.copyFromUtf8("ARROW1")),
            new VerificationTable("orders", 0, ByteString.copyFromUtf8("ARROW1"))),
        List.of(
            new ExpectedResult(
                "joined",
                false,
                false,
                List.of(ExpectedColumn.of("region", Tolerance.EXACT, List.of("north"))),
                1)),
        new GateAllowance(false, 1 << 20, Duration.ofSeconds(30)),
        30,
        salt);
  }
}
