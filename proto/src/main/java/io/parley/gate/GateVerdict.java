package io.parley.gate;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;

/** How a gate ended. The text is for people. */
public enum GateVerdict {
  PASSED("the app passed"),
  RESULT_DIFFERS("the app gave other results than expected"),
  APP_FAILED("the app failed, or left what it may not leave"),
  ATTEMPTED("the app tried what it may not do"),
  LIMIT("the app took more memory or time than it may"),
  SET_WRONG("the verification set itself cannot be run");

  private final String text;

  GateVerdict(String text) {
    this.text = text;
  }

  public String text() {
    return text;
  }

  io.parley.proto.enclave.v1.GateVerdict toMessage() {
    return switch (this) {
      case PASSED -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_PASSED;
      case RESULT_DIFFERS -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_RESULT_DIFFERS;
      case APP_FAILED -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_APP_FAILED;
      case ATTEMPTED -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_ATTEMPTED;
      case LIMIT -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_LIMIT;
      case SET_WRONG -> io.parley.proto.enclave.v1.GateVerdict.GATE_VERDICT_SET_WRONG;
    };
  }

  static GateVerdict fromMessage(io.parley.proto.enclave.v1.GateVerdict message) {
    return switch (message) {
      case GATE_VERDICT_PASSED -> PASSED;
      case GATE_VERDICT_RESULT_DIFFERS -> RESULT_DIFFERS;
      case GATE_VERDICT_APP_FAILED -> APP_FAILED;
      case GATE_VERDICT_ATTEMPTED -> ATTEMPTED;
      case GATE_VERDICT_LIMIT -> LIMIT;
      case GATE_VERDICT_SET_WRONG -> SET_WRONG;
      case GATE_VERDICT_UNSPECIFIED, UNRECOGNIZED ->
          throw new RefusedException(
              Reason.INVALID_EVIDENCE, "claims: gates: a verdict that this version does not know");
    };
  }
}
