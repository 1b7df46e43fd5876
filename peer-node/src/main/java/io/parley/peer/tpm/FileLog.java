package io.parley.peer.tpm;

import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.protobuf.ByteString;
import io.parley.evidence.MeasuredEvent;
import io.parley.evidence.TpmDocument;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The log of a TPM that stays: what its registers were extended with since the machine booted. In a
 * private file, one line each, on the disk before the TPM is told; so after a crash the last line
 * may be one that the TPM never saw, and no other. Of an earlier boot, the file is dropped.
 *
 * <p>The registers are for one node alone: what somebody else puts in makes it refuse. Thread-safe.
 */
final class FileLog implements EventLog {
  private static final String HEAD = "parley-tpm-log 1 resets %s";
  private static final long FILE_BYTES_MAX = 1 << 20;
  private static final int DIGEST_DIGITS = 2 * Digest.SIZE_BYTES;

  private final Path file;
  private final List<MeasuredEvent> events = new ArrayList<>();
  private boolean opened;

  FileLog(Path file) {
    this.file = file;
  }

  @Override
  public synchronized void extend(TpmClient tpm, MeasuredEvent event) throws IOException {
    open(tpm);
    if (events.size() >= TpmDocument.MAX_EVENTS) {
      throw new EnvironmentException(
          Reason.PLATFORM_UNAVAILABLE,
          "%d enclaves were started since the machine booted, and evidence holds no more; reboot it"
              .formatted(events.size() / MeasuredEvent.PCRS.size()),
          Map.of("events", Integer.toString(events.size())));
    }
    append(line(event));
    try {
      tpm.extend(event.pcr(), new Digest(event.digest()));
    } catch (IOException e) {
      // Whether the TPM saw it, its registers say, next time.
      opened = false;
      throw e;
    }
    events.add(event);
  }

  @Override
  public synchronized List<MeasuredEvent> events() {
    return List.copyOf(events);
  }

  @Override
  public synchronized <T> T exclusively(Work<T> work) throws IOException {
    return work.run();
  }

  /** Reads the file, and brings it and the TPM together. */
  private void open(TpmClient tpm) throws IOException {
    if (opened) {
      return;
    }
    String head = head(tpm);
    List<MeasuredEvent> explained = explained(tpm.pcrs(MeasuredEvent.PCRS), candidates(head));
    events.clear();
    events.addAll(explained);
    write(head);
    opened = true;
  }

  @Override
  public synchronized void check(TpmClient tpm) throws IOException {
    var unused = explained(tpm.pcrs(MeasuredEvent.PCRS), candidates(head(tpm)));
  }

  private static String head(TpmClient tpm) throws IOException {
    return HEAD.formatted(Integer.toUnsignedString(tpm.resets()));
  }

  /** What the registers may hold, as far as this node knows. */
  private List<List<MeasuredEvent>> candidates(String head) throws IOException {
    List<String> lines = lines();
    if (lines.isEmpty() || !lines.getFirst().equals(head)) {
      // The machine was booted since.
      return List.of(List.of());
    }
    List<MeasuredEvent> all = events(lines.subList(1, lines.size()));
    return all.isEmpty() ? List.of(all) : List.of(all, all.subList(0, all.size() - 1), List.of());
  }

  private static List<MeasuredEvent> explained(
      Map<Integer, Digest> pcrs, List<List<MeasuredEvent>> candidates) {
    return candidates.stream()
        .filter(events -> isExplained(events, pcrs))
        .findFirst()
        .orElseThrow(() ->
            new EnvironmentException(
                Reason.PLATFORM_UNAVAILABLE,
                "the TPM's registers %s hold something else than this node measured into them since the machine booted; they are for one node alone. Find out who uses them (boot loaders with machine owner keys use 14, systemd can use 15), and reboot"
                    .formatted(MeasuredEvent.PCRS)));
  }

  private static boolean isExplained(List<MeasuredEvent> events, Map<Integer, Digest> pcrs) {
    return MeasuredEvent.replay(events).entrySet().stream()
        .allMatch(replayed -> {
          Digest seen = pcrs.get(replayed.getKey());
          return seen != null && seen.value().equals(replayed.getValue());
        });
  }

  private List<String> lines() throws IOException {
    if (!Files.exists(file)) {
      return List.of();
    }
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw unreadable("it has more than %d bytes".formatted(FILE_BYTES_MAX));
    }
    String text = Files.readString(file, US_ASCII);
    // A line that was cut in the writing never reached the TPM.
    int end = text.lastIndexOf('\n') + 1;
    return text.substring(0, end).lines().toList();
  }

  private List<MeasuredEvent> events(List<String> lines) {
    List<MeasuredEvent> read = new ArrayList<>();
    for (String line : lines) {
      if (!line.matches("1[45] [0-9a-f]{%d}".formatted(DIGEST_DIGITS))) {
        throw unreadable("'%.80s' is no event".formatted(line));
      }
      read.add(
          new MeasuredEvent(
              Integer.parseInt(line.substring(0, 2)),
              ByteString.copyFrom(HexFormat.of().parseHex(line.substring(3)))));
    }
    return read;
  }

  private EnvironmentException unreadable(String why) {
    return new EnvironmentException(
        Reason.PLATFORM_UNAVAILABLE,
        "%s cannot be read: %s; after a reboot of the machine it can be removed"
            .formatted(file, why),
        Map.of("file", file.toString()));
  }

  private static String line(MeasuredEvent event) {
    return "%d %s".formatted(event.pcr(), HexFormat.of().formatHex(event.digest().toByteArray()));
  }

  private void write(String head) throws IOException {
    StringBuilder text = new StringBuilder(head).append('\n');
    events.forEach(event -> text.append(line(event)).append('\n'));
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.deleteIfExists(fresh);
    Files.createFile(
        fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    put(fresh, text.toString());
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    try (FileChannel folder = FileChannel.open(file.toAbsolutePath().getParent())) {
      folder.force(true);
    }
  }

  private void append(String line) throws IOException {
    put(file, line + "\n");
  }

  private static void put(Path file, String text) throws IOException {
    try (FileChannel out =
        FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      ByteBuffer bytes = US_ASCII.encode(text);
      while (bytes.hasRemaining()) {
        out.write(bytes);
      }
      out.force(true);
    }
  }
}
