package io.parley.peer.enclaves;

/** The names of the memory controller's files in the two versions of control groups. */
enum ControlGroupVersion {
  V1("memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "memory.oom_control") {
    @Override
    String swapLimit(long memoryBytes) {
      return Long.toString(memoryBytes); // memory and swap together
    }
  },
  V2("memory.max", "memory.swap.max", "memory.events") {
    @Override
    String swapLimit(long memoryBytes) {
      return "0";
    }
  };

  private final String limit;
  private final String swap;
  private final String events;

  ControlGroupVersion(String limit, String swap, String events) {
    this.limit = limit;
    this.swap = swap;
    this.events = events;
  }

  String limit() {
    return limit;
  }

  /** Not there when the kernel does not account swap. */
  String swap() {
    return swap;
  }

  /** Holds the line {@code oom_kill N}. */
  String events() {
    return events;
  }

  abstract String swapLimit(long memoryBytes);
}
