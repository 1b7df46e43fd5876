package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The machine's own TPM, by the kernel's device with a resource manager ({@code /dev/tpmrm0}), for
 * all enclaves of this node. Everyone who opens it has objects and sessions of their own there; the
 * registers are shared.
 */
final class DeviceSource implements TpmSource {
  /** Some TPMs think long about an RSA key. */
  private static final Duration COMMAND_WITHIN = Duration.ofSeconds(120);

  private final Path device;
  private final FileLog log;
  private final List<ByteString> issuers;
  private final Supplier<List<ByteString>> lists;

  /**
   * @param log private file for what is measured
   * @param issuers DER certificates above the endorsement key's
   * @param lists reads DER revocation lists of the issuers
   */
  DeviceSource(Path device, Path log, List<ByteString> issuers, Supplier<List<ByteString>> lists) {
    this.device = device;
    this.log = new FileLog(log);
    this.issuers = List.copyOf(issuers);
    this.lists = lists;
  }

  @Override
  public Session open() throws IOException {
    return new Opened(new TpmClient(transport()));
  }

  private DeviceTransport transport() throws IOException {
    try {
      return DeviceTransport.open(device, COMMAND_WITHIN);
    } catch (NoSuchFileException e) {
      throw unavailable("there is no %s; this machine has no TPM 2.0, or it is off", e);
    } catch (AccessDeniedException e) {
      throw unavailable("this user may not open %s; on Debian, add it to the group tss", e);
    } catch (IOException e) {
      throw unavailable("%s cannot be opened", e);
    }
  }

  private EnvironmentException unavailable(String format, IOException cause) {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE,
        "%s (%s)".formatted(format.formatted(device), cause.getMessage()),
        Map.of("device", device.toString()),
        cause);
  }

  @Override
  public void close() {}

  private final class Opened implements Session {
    private final TpmClient tpm;

    Opened(TpmClient tpm) {
      this.tpm = tpm;
    }

    @Override
    public TpmClient tpm() {
      return tpm;
    }

    @Override
    public EventLog log() {
      return log;
    }

    @Override
    public List<ByteString> issuers() {
      return issuers;
    }

    @Override
    public List<ByteString> lists() {
      return lists.get();
    }

    @Override
    public void close() {
      tpm.close();
    }
  }
}
