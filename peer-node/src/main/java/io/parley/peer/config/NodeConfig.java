package io.parley.peer.config;

import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What {@code parley.yaml} says: everything that a party chooses about its node. Each section has
 * its defaults; every number is bounded. Immutable.
 *
 * @param party the name of the party that this node belongs to
 * @param listen where the gRPC server listens; port 0 lets the system pick
 */
public record NodeConfig(
    String party,
    HostPort listen,
    Data data,
    BrokerMode broker,
    EnclaveLimits enclave,
    Results results,
    Limits limits) {

  /** How bytes travel between enclaves of two parties. */
  public enum DataMode {
    /** A TCP socket on the data port, handed into the enclave: hosts are out of the way. */
    HANDED,
    /** Through the gRPC connection, hosts copying: one open port is enough. */
    RELAY
  }

  /** Where the key broker runs. */
  public enum BrokerMode {
    /** Elsewhere; its address is in the membership list. */
    REMOTE,
    /** Beside this node, as its child process. */
    EMBEDDED
  }

  /**
   * The data port.
   *
   * @param advertise what other nodes dial, where that is not the host of the party's address in
   *     the membership list with the port that is listened on; port 0 means that port
   */
  public record Data(DataMode mode, HostPort listen, Optional<HostPort> advertise) {}

  /**
   * What an enclave gets.
   *
   * @param memoryBytes cap on the memory of one enclave, shim and app together
   * @param uid user that enclaves run as when the node itself runs as root
   * @param platform what vouches for it
   * @param remote where enclaves run when that is not this machine; null: here
   */
  public record EnclaveLimits(
      long memoryBytes, int uid, PlatformConfig platform, @Nullable RemoteEnclave remote) {
    private static final long LEAST_BYTES = 256L << 20;

    /**
     * A cap as people write it.
     *
     * @throws IllegalArgumentException what is wrong with it, for people
     */
    public static long memory(String text) {
      long bytes = Quantities.bytes(text);
      if (bytes < LEAST_BYTES) {
        throw new IllegalArgumentException(
            "'%s' is too little; an enclave needs at least 256MiB".formatted(text));
      }
      return bytes;
    }
  }

  /**
   * The enclave server in the party's confidential VM.
   *
   * @param address where it is reached
   * @param name that its certificate must have
   */
  public record RemoteEnclave(HostPort address, String name) {}

  /** How long sealed results wait for their readers. */
  public record Results(Duration keep) {}

  /**
   * How much at most.
   *
   * @param runningJobs at once; each other party's jobs get at most half, rounded up
   * @param startWithin how long a job of another party waits here, joined, to be started
   */
  public record Limits(int runningJobs, Duration startWithin, int datasets, long datasetBytes) {}
}
