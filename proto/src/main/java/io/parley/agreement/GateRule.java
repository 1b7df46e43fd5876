package io.parley.agreement;

/** Whether an app must pass a verification gate of the owner's before it gets a dataset's rows. */
public enum GateRule {
  NONE("none"),
  REQUIRED("required");

  private final String text;

  GateRule(String text) {
    this.text = text;
  }

  /** As agreements write it. */
  public String text() {
    return text;
  }

  io.parley.proto.agreement.v1.GateRule toMessage() {
    return switch (this) {
      case NONE -> io.parley.proto.agreement.v1.GateRule.GATE_RULE_UNSPECIFIED;
      case REQUIRED -> io.parley.proto.agreement.v1.GateRule.GATE_RULE_REQUIRED;
    };
  }
}
