package io.parley.gate;

import com.google.protobuf.ByteString;
import io.parley.seal.HpkePublicKey;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;

/**
 * What the enclave opens: the set, and what it needs to prove that it ran it.
 *
 * @param draw 32 random bytes
 * @param brokerKey findings are sealed to it
 */
public record GateTask(SignedVerificationSet set, ByteString draw, HpkePublicKey brokerKey) {
  /** Length of a draw. */
  public static final int DRAW_BYTES = 32;

  public GateTask {
    if (draw.size() != DRAW_BYTES) {
      throw new RefusedException(
          Reason.GATE_ORDER_WRONG,
          "a draw of %d bytes; expected %d".formatted(draw.size(), DRAW_BYTES));
    }
  }

  /** The exact bytes. */
  public ByteString encode() {
    return StrictMessages.encode(
        io.parley.proto.enclave.v1.GateTask.newBuilder()
            .setSet(set.toMessage())
            .setDraw(draw)
            .setBrokerKey(brokerKey.toMessage())
            .build());
  }

  /**
   * From exact bytes.
   *
   * @throws RefusedException GATE_ORDER_WRONG, or what is wrong with a part
   */
  public static GateTask parse(ByteString bytes) {
    var message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.GateTask.parser(),
            bytes,
            GateLimits.ORDER_BYTES_MAX,
            Reason.GATE_ORDER_WRONG,
            "gate task");
    return new GateTask(
        SignedVerificationSet.fromMessage(message.getSet()),
        message.getDraw(),
        HpkePublicKey.fromMessage(message.getBrokerKey()));
  }
}
