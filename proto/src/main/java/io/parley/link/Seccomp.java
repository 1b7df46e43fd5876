package io.parley.link;

import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;

/**
 * Writes a seccomp filter as the kernel reads it: an array of {@code struct sock_filter}, 8 bytes
 * each (seccomp(2), kernel: Documentation/userspace-api/seccomp_filter.rst).
 *
 * <p>Every filter first kills the process when a call comes from another architecture's table. The
 * first rule for a number decides. Arguments are compared by their lower 32 bits, so only calls
 * whose argument is an {@code int} may be looked at. Not thread-safe.
 */
public final class Seccomp {
  /** Operation not permitted. */
  public static final int EPERM = 1;

  /** No such call. */
  public static final int ENOSYS = 38;

  private static final int LOAD = 0x20; // BPF_LD | BPF_W | BPF_ABS
  private static final int EQUAL = 0x15; // BPF_JMP | BPF_JEQ | BPF_K
  private static final int AT_LEAST = 0x35; // BPF_JMP | BPF_JGE | BPF_K
  private static final int ANY_BIT = 0x45; // BPF_JMP | BPF_JSET | BPF_K
  private static final int RETURN = 0x06; // BPF_RET | BPF_K
  private static final int ALLOW = 0x7fff0000;
  private static final int FAIL = 0x00050000;
  private static final int KILL_PROCESS = 0x80000000;
  private static final int NOTIFY = 0x7fc00000; // SECCOMP_RET_USER_NOTIF

  // struct seccomp_data
  private static final int NUMBER = 0;
  private static final int ARCHITECTURE = 4;
  private static final int ARGUMENTS = 16;

  private static final int X32_BIT = 0x40000000;
  private static final int MAX_INSTRUCTIONS = 4096;

  /** The machine's table of calls. */
  public enum Machine {
    X86_64(0xC000003E),
    ARM64(0xC00000B7);

    private final int auditArchitecture;

    Machine(int auditArchitecture) {
      this.auditArchitecture = auditArchitecture;
    }

    /**
     * The one that this process runs on.
     *
     * @throws EnvironmentException SANDBOX_UNAVAILABLE on any other
     */
    public static Machine current() {
      String name = System.getProperty("os.arch", "");
      return switch (name) {
        case "amd64", "x86_64" -> X86_64;
        case "aarch64" -> ARM64;
        default ->
            throw new EnvironmentException(
                Reason.SANDBOX_UNAVAILABLE,
                "this machine is %s; enclaves run on amd64 and aarch64".formatted(name),
                Map.of("machine", name));
      };
    }
  }

  private final ByteBuffer program =
      ByteBuffer.allocate(8 * MAX_INSTRUCTIONS).order(ByteOrder.nativeOrder());

  /** Starts a filter for a machine. */
  public Seccomp(Machine machine) {
    put(LOAD, 0, 0, ARCHITECTURE);
    put(EQUAL, 1, 0, machine.auditArchitecture);
    put(RETURN, 0, 0, KILL_PROCESS);
    put(LOAD, 0, 0, NUMBER);
    if (machine == Machine.X86_64) {
      put(AT_LEAST, 0, 1, X32_BIT);
      put(RETURN, 0, 0, KILL_PROCESS);
    }
  }

  /** Lets a call through. */
  public Seccomp allow(int number) {
    put(EQUAL, 0, 1, number);
    put(RETURN, 0, 0, ALLOW);
    return this;
  }

  /** Lets a call fail. */
  public Seccomp deny(int number) {
    put(EQUAL, 0, 1, number);
    put(RETURN, 0, 0, FAIL | EPERM);
    return this;
  }

  /** Lets a call fail when an argument has any of these bits, and through otherwise. */
  public Seccomp denyBits(int number, int argument, int bits) {
    return onArgument(number, argument, ANY_BIT, bits, FAIL | EPERM, ALLOW);
  }

  /** Lets a call through when an argument has this value, and fail otherwise. */
  public Seccomp allowOnly(int number, int argument, int value) {
    return onArgument(number, argument, EQUAL, value, ALLOW, FAIL | EPERM);
  }

  /** Lets a call fail when an argument has this value; otherwise later rules decide. */
  public Seccomp denyValue(int number, int argument, int value) {
    return whenValue(number, argument, value, FAIL | EPERM);
  }

  private Seccomp whenValue(int number, int argument, int value, int then) {
    put(EQUAL, 0, 4, number);
    put(LOAD, 0, 0, ARGUMENTS + 8 * argument);
    put(EQUAL, 0, 1, value);
    put(RETURN, 0, 0, then);
    put(LOAD, 0, 0, NUMBER);
    return this;
  }

  /** Lets a call fail with this error. */
  public Seccomp fail(int number, int errno) {
    put(EQUAL, 0, 1, number);
    put(RETURN, 0, 0, FAIL | errno);
    return this;
  }

  /** Kills the process that makes a call; that is seen where another filter lets it fail, too. */
  public Seccomp kill(int number) {
    put(EQUAL, 0, 1, number);
    put(RETURN, 0, 0, KILL_PROCESS);
    return this;
  }

  /** The same when an argument has this value; otherwise later rules decide. */
  public Seccomp killValue(int number, int argument, int value) {
    return whenValue(number, argument, value, KILL_PROCESS);
  }

  /** Hands a call to whoever listens at the filter. */
  public Seccomp notify(int number) {
    put(EQUAL, 0, 1, number);
    put(RETURN, 0, 0, NOTIFY);
    return this;
  }

  /** The same when an argument has none of these bits; otherwise it goes through. */
  public Seccomp notifyWithoutBits(int number, int argument, int bits) {
    return onArgument(number, argument, ANY_BIT, bits, ALLOW, NOTIFY);
  }

  /**
   * Lets a call through when an argument has this value, and otherwise hands it to whoever listens.
   * Where nobody does, the call fails with ENOSYS; and of filters that say so, the kernel hears the
   * one that came last. So a later filter must let the call fail wherever nobody trusted listens.
   */
  public Seccomp allowOnlyOrNotify(int number, int argument, int value) {
    return onArgument(number, argument, EQUAL, value, ALLOW, NOTIFY);
  }

  private Seccomp onArgument(
      int number, int argument, int test, int value, int whenTrue, int whenFalse) {
    put(EQUAL, 0, 4, number);
    put(LOAD, 0, 0, ARGUMENTS + 8 * argument);
    put(test, 0, 1, value);
    put(RETURN, 0, 0, whenTrue);
    put(RETURN, 0, 0, whenFalse);
    return this;
  }

  /** The filter; what no rule named fails with this error. */
  public byte[] otherwiseFail(int errno) {
    put(RETURN, 0, 0, FAIL | errno);
    return bytes();
  }

  /** The filter; what no rule named is let through. */
  public byte[] otherwiseAllow() {
    put(RETURN, 0, 0, ALLOW);
    return bytes();
  }

  private byte[] bytes() {
    byte[] bytes = new byte[program.position()];
    program.get(0, bytes);
    return bytes;
  }

  private void put(int code, int jumpTrue, int jumpFalse, int k) {
    if (!program.hasRemaining()) {
      throw new BugException("a seccomp filter holds %d instructions".formatted(MAX_INSTRUCTIONS));
    }
    program.putShort((short) code).put((byte) jumpTrue).put((byte) jumpFalse).putInt(k);
  }
}
