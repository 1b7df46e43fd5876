package io.parley.shim.child;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.link.Seccomp.Machine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Looks at what an app that is watched wants of the network. Family, type and protocol of a socket
 * are in registers, so nothing can change them after the look; sockets that are not of the machine
 * itself are refused here, as the wall refuses them where there is no watch. For one thread.
 */
final class SocketWatch {
  private static final int UNIX = 1;
  private static final int INET = 2;
  private static final int INET6 = 10;
  private static final int STREAM = 1;
  private static final int SEQPACKET = 5;
  private static final int TYPE_BITS = 0xf;

  // struct sockaddr_un
  private static final int FAMILY_BYTES = 2;
  private static final int ADDRESS_BYTES_MAX = 110;

  /** The C library asks whether a cache of names is there; in an enclave there is none. */
  private static final Path NAME_CACHE = Path.of("/var/run/nscd/socket");

  /**
   * What Java asks as its network library is loaded, which is as soon as it opens a file by a
   * channel: whether there is IPv4, IPv6, and an option of sockets. It asks once, on one thread, of
   * this type and without a flag or protocol, and sends nothing.
   */
  private static final List<Integer> JAVA_ASKS = List.of(INET, INET6, INET);

  private static final int PROCESSES_MAX = 64;

  private final Machine machine;
  private final Path java;
  private final Predicate<Path> allowed;
  private final Map<String, Asked> asked = new HashMap<>();

  private record Asked(int thread, int count) {}

  /**
   * @param java the runtime
   * @param allowed where the app may have sockets of files
   */
  SocketWatch(Machine machine, Path java, Predicate<Path> allowed) {
    this.machine = machine;
    this.java = java;
    this.allowed = allowed;
  }

  /** Whether this call makes a socket with which one could leave the machine. */
  boolean forbidden(Listener.Shown call) {
    return makes(call) && family(call) != UNIX;
  }

  /** What the call tries and may not, for people; null: nothing. */
  @Nullable String look(Listener.Shown call) {
    return makes(call) ? socket(call) : address(call);
  }

  private boolean makes(Listener.Shown call) {
    return call.number() == WatchFilter.Call.SOCKET.number(machine)
        || call.number() == WatchFilter.Call.SOCKETPAIR.number(machine);
  }

  private static int family(Listener.Shown call) {
    return (int) call.first();
  }

  private @Nullable String socket(Listener.Shown call) {
    int type = (int) call.second();
    if (family(call) == UNIX) {
      // The others need no connect() to reach somebody, and so could not be followed.
      int kind = type & TYPE_BITS;
      return kind == STREAM || kind == SEQPACKET ? null : "a socket of this machine for datagrams";
    }
    if (asksOfJava(call, type)) {
      return null;
    }
    return "a socket of the family %s".formatted(familyName(family(call)));
  }

  private boolean asksOfJava(Listener.Shown call, int type) {
    if (call.number() != WatchFilter.Call.SOCKET.number(machine)
        || type != STREAM
        || (int) call.third() != 0
        || !ofJava(call.thread())) {
      return false;
    }
    String process = process(call.thread());
    if (process.isEmpty() || (!asked.containsKey(process) && asked.size() == PROCESSES_MAX)) {
      return false;
    }
    Asked before = asked.getOrDefault(process, new Asked(call.thread(), 0));
    boolean next =
        before.thread() == call.thread()
            && before.count() < JAVA_ASKS.size()
            && JAVA_ASKS.get(before.count()) == family(call);
    // Out of its turn it has had its turn.
    asked.put(process, new Asked(before.thread(), next ? before.count() + 1 : JAVA_ASKS.size()));
    return next;
  }

  private boolean ofJava(int thread) {
    try {
      return Files.isSameFile(Path.of("/proc", Integer.toString(thread), "exe"), java);
    } catch (IOException e) {
      return false;
    }
  }

  /** The process of a thread; empty when it is gone. */
  private static String process(int thread) {
    try (var lines = Files.lines(Path.of("/proc", Integer.toString(thread), "status"))) {
      return lines.filter(line -> line.startsWith("Tgid:")).findFirst().orElse("");
    } catch (IOException | java.io.UncheckedIOException e) {
      return "";
    }
  }

  private static String familyName(int family) {
    return switch (family) {
      case INET -> "IPv4";
      case INET6 -> "IPv6";
      default -> Integer.toString(family);
    };
  }

  /** Of connect() and bind(), on a socket of the machine's: there is no other. */
  private @Nullable String address(Listener.Shown call) {
    int count = (int) Math.min(Integer.toUnsignedLong((int) call.third()), ADDRESS_BYTES_MAX);
    byte[] bytes = CallerMemory.bytes(call.thread(), call.second(), count);
    if (bytes.length < FAMILY_BYTES) {
      // The kernel cannot read it either.
      return null;
    }
    int family = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder()).getShort(0);
    if (family != UNIX) {
      return "an address of the family %s".formatted(familyName(family));
    }
    return file(bytes);
  }

  private @Nullable String file(byte[] address) {
    int end = FAMILY_BYTES;
    while (end < address.length && address[end] != 0) {
      end++;
    }
    String name = new String(address, FAMILY_BYTES, end - FAMILY_BYTES, UTF_8);
    try {
      Path path = Path.of(name);
      if (path.isAbsolute() && (allowed.test(path) || noCache(path))) {
        return null;
      }
    } catch (InvalidPathException e) {
      return "a socket of this machine whose name is no path";
    }
    return name.isEmpty()
        ? "a socket of this machine without a file"
        : "the socket of this machine '%s'".formatted(name);
  }

  private static boolean noCache(Path path) {
    return path.equals(NAME_CACHE) && !Files.exists(path);
  }
}
