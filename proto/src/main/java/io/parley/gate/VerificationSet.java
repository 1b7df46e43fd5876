package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.agreement.Gate;
import io.parley.agreement.ParameterValues;
import io.parley.agreement.SignedAgreement;
import io.parley.proto.enclave.v1.Expectation;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * One app, its parameters, its inputs, and what must come out. Immutable; that it fits an agreement
 * is said by {@link #check}.
 *
 * @param owner whose data the gate is before
 * @param name for people
 * @param step of the agreement's chain; empty: the one app
 * @param app digest of the app's manifest
 * @param parameters those that the agreement leaves free, by the names that the app knows
 * @param inputs a table for all that the app reads, in the order of their names
 * @param results all that the app writes, in the order in which it is told of it
 * @param certifyDays for how long a step that passed need not run again; 0: never
 * @param salt 32 random bytes
 */
public record VerificationSet(
    Digest agreement,
    String owner,
    String name,
    String step,
    Digest app,
    SortedMap<String, String> parameters,
    List<VerificationTable> inputs,
    List<ExpectedResult> results,
    GateAllowance allowance,
    int certifyDays,
    ByteString salt) {
  /** For an agreement with one app. */
  public VerificationSet(
      Digest agreement,
      String owner,
      String name,
      Digest app,
      SortedMap<String, String> parameters,
      List<VerificationTable> inputs,
      List<ExpectedResult> results,
      GateAllowance allowance,
      ByteString salt) {
    this(
        agreement,
        owner,
        name,
        "",
        app,
        parameters,
        inputs,
        results,
        allowance,
        GateLimits.CERTIFY_DAYS_DEFAULT,
        salt);
  }

  public VerificationSet {
    parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    inputs = List.copyOf(inputs);
    results = List.copyOf(results);
    if (certifyDays < 0 || certifyDays > GateLimits.CERTIFY_DAYS_MAX) {
      throw new IllegalArgumentException(
          "certify_days is %d; expected 0 to %d"
              .formatted(certifyDays, GateLimits.CERTIFY_DAYS_MAX));
    }
  }

  /** The exact bytes. */
  public ByteString encode() {
    var message =
        io.parley.proto.enclave.v1.VerificationSet.newBuilder()
            .setAgreementSha256(agreement.value())
            .setOwner(owner)
            .setName(name)
            .setAppSha256(app.value())
            .putAllParameters(parameters)
            .addAllInputs(inputs.stream().map(VerificationTable::toMessage).toList())
            .setExpectation(expectation())
            .setAllowance(allowance.toMessage())
            .setSalt(salt)
            .setStep(step);
    if (certifyDays != GateLimits.CERTIFY_DAYS_DEFAULT) {
      message.setCertifyDays(certifyDays);
    }
    return StrictMessages.encode(message.build());
  }

  /** Whose it is, and before what. */
  public Gate gate() {
    return new Gate(owner, step);
  }

  /** SHA-256 of the exact bytes. */
  public Digest digest() {
    return Digest.of(encode());
  }

  /** The exact bytes of what must come out. */
  ByteString encodedExpectation() {
    return StrictMessages.encode(expectation());
  }

  private Expectation expectation() {
    return Expectation.newBuilder()
        .addAllResults(results.stream().map(ExpectedResult::toMessage).toList())
        .build();
  }

  /** What the app gets: the agreement's fixed values and this set's free ones. */
  public SortedMap<String, String> allParameters(SignedAgreement signed) {
    return ParameterValues.all(GateScope.of(signed.agreement(), gate()).parameters(), parameters);
  }

  /**
   * From exact bytes.
   *
   * @throws RefusedException INVALID_VERIFICATION_SET
   */
  public static VerificationSet parse(ByteString bytes) {
    var message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.VerificationSet.parser(),
            bytes,
            GateLimits.SET_BYTES_MAX,
            Reason.INVALID_VERIFICATION_SET,
            "verification set");
    VerificationSet set;
    try {
      set =
          new VerificationSet(
              new Digest(message.getAgreementSha256()),
              message.getOwner(),
              message.getName(),
              message.getStep(),
              new Digest(message.getAppSha256()),
              new TreeMap<>(message.getParametersMap()),
              message.getInputsList().stream().map(VerificationTable::fromMessage).toList(),
              message.getExpectation().getResultsList().stream()
                  .map(ExpectedResult::fromMessage)
                  .toList(),
              GateAllowance.fromMessage(message.getAllowance()),
              message.hasCertifyDays() ? message.getCertifyDays() : GateLimits.CERTIFY_DAYS_DEFAULT,
              message.getSalt());
    } catch (RefusedException | IllegalArgumentException e) {
      throw new RefusedException(
          Reason.INVALID_VERIFICATION_SET, "verification set: " + e.getMessage(), Map.of(), e);
    }
    StrictMessages.requireSame(
        set.encode(), bytes, Reason.INVALID_VERIFICATION_SET, "verification set");
    return set;
  }

  /**
   * That it is one of this owner's for this agreement, with everything that a run needs, each once.
   * Rows are not looked at.
   *
   * @throws RefusedException INVALID_VERIFICATION_SET that lists every problem
   */
  public VerificationSet check(SignedAgreement signed, String party) {
    new SetRules(this, signed).check(party);
    return this;
  }
}
