package io.parley.gate;

import com.google.protobuf.ByteString;
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
 * @param app digest of the app's manifest
 * @param parameters those that the agreement leaves free
 * @param inputs a table for every dataset of the agreement, in the order of their names
 * @param results in the order of their names
 * @param salt 32 random bytes
 */
public record VerificationSet(
    Digest agreement,
    String owner,
    String name,
    Digest app,
    SortedMap<String, String> parameters,
    List<VerificationTable> inputs,
    List<ExpectedResult> results,
    GateAllowance allowance,
    ByteString salt) {

  public VerificationSet {
    parameters = Collections.unmodifiableSortedMap(new TreeMap<>(parameters));
    inputs = List.copyOf(inputs);
    results = List.copyOf(results);
  }

  /** The exact bytes. */
  public ByteString encode() {
    return StrictMessages.encode(
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
            .build());
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
    return SetRules.job(this, signed).allParameters(signed.agreement());
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
              new Digest(message.getAppSha256()),
              new TreeMap<>(message.getParametersMap()),
              message.getInputsList().stream().map(VerificationTable::fromMessage).toList(),
              message.getExpectation().getResultsList().stream()
                  .map(ExpectedResult::fromMessage)
                  .toList(),
              GateAllowance.fromMessage(message.getAllowance()),
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
