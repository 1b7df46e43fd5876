package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.gate.GateOutcome;
import io.parley.proto.enclave.v1.TestResult;
import io.parley.seal.HpkePublicKey;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What an enclave says about itself. Well formed and within limits, no more: whether any of it is
 * true is for whoever verifies the evidence that carries it.
 *
 * @param nonce the broker's challenge, 32 bytes
 * @param receiveKey fresh per enclave: keys are sealed to it
 * @param signingKey fresh per enclave: Ed25519 public key, 32 bytes
 * @param agreement digest of the agreement
 * @param party whose host started the enclave
 * @param jobId 32 lower-case hex digits
 * @param job digest of the exact JobSpec bytes
 * @param app digest of the measured app's manifest; null where the party does not compute
 * @param tests outcome by name of the environment tests
 * @param gates verification gates that it has been through, in the order of their owners and steps
 */
public record Claims(
    ByteString nonce,
    HpkePublicKey receiveKey,
    ByteString signingKey,
    Digest agreement,
    String party,
    String jobId,
    Digest job,
    @Nullable Digest app,
    SortedMap<String, String> tests,
    List<GateOutcome> gates) {

  /** Of an enclave that has been through no gate. */
  public Claims(
      ByteString nonce,
      HpkePublicKey receiveKey,
      ByteString signingKey,
      Digest agreement,
      String party,
      String jobId,
      Digest job,
      @Nullable Digest app,
      SortedMap<String, String> tests) {
    this(nonce, receiveKey, signingKey, agreement, party, jobId, job, app, tests, List.of());
  }

  /** Most bytes that encoded claims may have. */
  public static final int MAX_SIZE_BYTES = 64 << 10;

  static final int NONCE_SIZE_BYTES = 32;
  static final int SIGNING_KEY_SIZE_BYTES = 32;
  static final int MAX_TESTS = 64;
  static final int MAX_GATES = 64;

  private static final Pattern PARTY = Pattern.compile("[a-z0-9][a-z0-9-]{0,62}");
  private static final Pattern JOB_ID = Pattern.compile("[0-9a-f]{32}");
  private static final Pattern TEST_NAME = Pattern.compile("[a-z0-9_]{1,64}");
  private static final Pattern TEST_OUTCOME = Pattern.compile("[ -~]{1,256}");

  /**
   * Checks every field.
   *
   * @throws RefusedException INVALID_EVIDENCE for the first that is wrong
   */
  public Claims {
    checkSize("nonce", nonce, NONCE_SIZE_BYTES);
    checkSize("signing_key", signingKey, SIGNING_KEY_SIZE_BYTES);
    checkForm("party", party, PARTY);
    checkForm("job_id", jobId, JOB_ID);
    tests = Collections.unmodifiableSortedMap(new TreeMap<>(tests));
    if (tests.size() > MAX_TESTS) {
      throw wrong("tests", "%d of them; at most %d are allowed".formatted(tests.size(), MAX_TESTS));
    }
    tests.forEach((name, outcome) -> {
      checkForm("tests.name", name, TEST_NAME);
      checkForm("tests.outcome", outcome, TEST_OUTCOME);
    });
    gates = List.copyOf(gates);
    if (gates.size() > MAX_GATES) {
      throw wrong("gates", "%d of them; at most %d are allowed".formatted(gates.size(), MAX_GATES));
    }
    for (int i = 1; i < gates.size(); i++) {
      if (gates.get(i - 1).gate().compareTo(gates.get(i).gate()) >= 0) {
        throw wrong("gates", "not in the order of their owners and steps, each once");
      }
    }
  }

  /** The exact bytes that evidence binds; the same for equal claims. */
  public ByteString encode() {
    var message =
        io.parley.proto.enclave.v1.Claims.newBuilder()
            .setNonce(nonce)
            .setReceiveKey(receiveKey.toMessage())
            .setSigningKey(signingKey)
            .setAgreementSha256(agreement.value())
            .setParty(party)
            .setJobId(jobId)
            .setJobSha256(job.value());
    if (app != null) {
      message.setAppSha256(app.value());
    }
    tests.forEach((name, outcome) ->
        message.addTests(TestResult.newBuilder().setName(name).setOutcome(outcome)));
    gates.forEach(gate -> message.addGates(gate.toMessage()));
    return message.build().toByteString();
  }

  /**
   * The claims that these bytes are. Claims that parse encode to the same bytes again.
   *
   * @throws RefusedException INVALID_EVIDENCE when they are not canonical, not in form, over a
   *     limit, or hold a field that this version does not know
   */
  public static Claims parse(ByteString bytes) {
    var message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.Claims.parser(),
            bytes,
            MAX_SIZE_BYTES,
            Reason.INVALID_EVIDENCE,
            "claims");
    try {
      return new Claims(
          message.getNonce(),
          HpkePublicKey.fromMessage(message.getReceiveKey()),
          message.getSigningKey(),
          new Digest(message.getAgreementSha256()),
          message.getParty(),
          message.getJobId(),
          new Digest(message.getJobSha256()),
          message.getAppSha256().isEmpty() ? null : new Digest(message.getAppSha256()),
          tests(message.getTestsList()),
          message.getGatesList().stream().map(GateOutcome::fromMessage).toList());
    } catch (RefusedException e) {
      throw e.reason() == Reason.INVALID_EVIDENCE
          ? e
          : new RefusedException(
              Reason.INVALID_EVIDENCE, "claims: " + e.getMessage(), e.metadata(), e);
    }
  }

  private static SortedMap<String, String> tests(Iterable<TestResult> results) {
    TreeMap<String, String> tests = new TreeMap<>();
    for (TestResult result : results) {
      if (!tests.isEmpty() && tests.lastKey().compareTo(result.getName()) >= 0) {
        throw wrong("tests", "not in the order of their names, each once");
      }
      tests.put(result.getName(), result.getOutcome());
    }
    return tests;
  }

  private static void checkSize(String field, ByteString value, int expected) {
    if (value.size() != expected) {
      throw wrong(field, "%d bytes long; expected %d".formatted(value.size(), expected));
    }
  }

  private static void checkForm(String field, String value, Pattern form) {
    if (!form.matcher(value).matches()) {
      throw wrong(field, "not in the form " + form);
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_EVIDENCE,
        "claims: %s: %s".formatted(field, problem),
        Map.of("claim", field));
  }
}
