package io.parley.gate;

import java.time.Duration;

/**
 * What an app may do and use on a verification set.
 *
 * @param processes whether it may start processes beside its first
 * @param memoryBytes of one process of it; 0: as much as its enclave gives it
 * @param time at most {@link GateLimits#TIME_MAX}
 * @param columns that may bear on the results
 */
public record GateAllowance(
    boolean processes, long memoryBytes, Duration time, BearingColumns columns) {
  /** One process, for the usual time. */
  public static final GateAllowance DEFAULT = new GateAllowance(false, 0, GateLimits.TIME_DEFAULT);

  /** Where any column may bear on the results. */
  public GateAllowance(boolean processes, long memoryBytes, Duration time) {
    this(processes, memoryBytes, time, BearingColumns.ANY);
  }

  public GateAllowance {
    if (memoryBytes < 0
        || time.isNegative()
        || time.toMillis() == 0
        || time.compareTo(GateLimits.TIME_MAX) > 0) {
      throw new IllegalArgumentException(
          "memory from 0 on, and a time of at most "
              + GateLimits.TIME_MAX.toMinutes()
              + " minutes");
    }
  }

  io.parley.proto.enclave.v1.GateAllowance toMessage() {
    return io.parley.proto.enclave.v1.GateAllowance.newBuilder()
        .setProcesses(processes)
        .setMemoryBytes(memoryBytes)
        .setMillis(time.equals(GateLimits.TIME_DEFAULT) ? 0 : Math.toIntExact(time.toMillis()))
        .addAllColumns(columns.toMessages())
        .build();
  }

  static GateAllowance fromMessage(io.parley.proto.enclave.v1.GateAllowance message) {
    return new GateAllowance(
        message.getProcesses(),
        message.getMemoryBytes(),
        message.getMillis() == 0
            ? GateLimits.TIME_DEFAULT
            : Duration.ofMillis(Integer.toUnsignedLong(message.getMillis())),
        BearingColumns.fromMessages(message.getColumnsList()));
  }
}
