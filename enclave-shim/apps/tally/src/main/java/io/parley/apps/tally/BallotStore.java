package io.parley.apps.tally;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.Stream;

/**
 * A provider's ballots: a CSV file that only grows, each line with its link of the chain, ready to
 * be added as a dataset.
 *
 * <p>Guarantee: when {@link #append} returns, the ballot is on disk; a file whose lines were
 * changed, cut out, put in or moved is not opened. A last line without its end, which a crash may
 * leave, was never acknowledged: it is cut off. Not guaranteed: that whoever can write the file
 * does not make another one; that is found out when its head is compared with one that was
 * published. One process at a time; not thread-safe.
 */
final class BallotStore implements AutoCloseable {
  /** The columns, as an agreement names them: BIGINT, VARCHAR, TIMESTAMP, VARCHAR, VARCHAR. */
  static final String HEADER = "sequence,voter,cast_at,choice,link";

  private static final long SIZE_BYTES_MAX = 1L << 31;

  private final Path file;
  private final FileChannel channel;
  private final FileLock lock;
  private final BallotChain chain;

  private BallotStore(Path file, FileChannel channel, FileLock lock, BallotChain chain) {
    this.file = file;
    this.channel = channel;
    this.lock = lock;
    this.chain = chain;
  }

  /** Why a file is no chain of ballots; the message names the line. */
  static final class BrokenException extends IOException {
    private static final long serialVersionUID = 1L;

    BrokenException(String message) {
      super(message);
    }
  }

  /**
   * Opens the file, or makes it, and checks it from the first line to the last.
   *
   * @throws BrokenException when it is no whole chain
   */
  static BallotStore open(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(
            file,
            Set.of(StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    try {
      FileLock lock = channel.tryLock();
      if (lock == null) {
        throw new IOException("another process has %s open".formatted(file));
      }
      BallotChain chain = new BallotChain();
      long end = check(channel, chain);
      channel.truncate(end);
      channel.position(end);
      BallotStore store = new BallotStore(file, channel, lock, chain);
      if (end == 0) {
        store.write(HEADER + "\n");
      }
      return store;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Adds a ballot; it is on disk when this returns. */
  Ballot append(String voter, LocalDateTime castAt, String choice) throws IOException {
    Ballot ballot = new Ballot(chain.length() + 1, voter, castAt, choice);
    String link = chain.add(ballot);
    write(line(ballot, link));
    return ballot;
  }

  /** The last link, as hex digits: publish it, and nobody can change what is behind it. */
  String head() {
    return chain.head();
  }

  /** How many ballots there are. */
  long length() {
    return chain.length();
  }

  /** How many ballots there were when this was the head; nothing when it never was. */
  OptionalLong lengthAt(String head) throws IOException {
    if (head.equals(new BallotChain().head())) {
      return OptionalLong.of(0);
    }
    // Sequence and link are ASCII; what lies between does not matter here.
    try (Stream<String> lines = Files.lines(file, StandardCharsets.ISO_8859_1)) {
      return lines
          .skip(1)
          .filter(line -> line.endsWith("," + head))
          .mapToLong(line -> Long.parseLong(line.substring(0, line.indexOf(','))))
          .findFirst();
    }
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      lock.release();
    }
  }

  private void write(String text) throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
    channel.force(true);
  }

  private static String line(Ballot ballot, String link) {
    return "%d,%s,%s,%s,%s\n"
        .formatted(
            ballot.sequence(),
            ballot.voter(),
            DateTimeFormatter.ISO_LOCAL_DATE_TIME.format(ballot.castAt()),
            ballot.choice(),
            link);
  }

  /** Where the last whole line ends. */
  private static long check(FileChannel channel, BallotChain chain) throws IOException {
    if (channel.size() > SIZE_BYTES_MAX) {
      throw new BrokenException("it is larger than 2 GiB; start another file");
    }
    byte[] bytes = new byte[Math.toIntExact(channel.size())];
    ByteBuffer into = ByteBuffer.wrap(bytes);
    while (into.hasRemaining() && channel.read(into) >= 0) {
      // Until all is there.
    }
    int start = 0;
    int number = 0;
    for (int i = 0; i < bytes.length; i++) {
      if (bytes[i] == '\n') {
        checkLine(new String(bytes, start, i - start, StandardCharsets.UTF_8), ++number, chain);
        start = i + 1;
      }
    }
    return start;
  }

  private static void checkLine(String line, int number, BallotChain chain) throws IOException {
    if (number == 1) {
      if (!line.equals(HEADER)) {
        throw new BrokenException("line 1 is not '%s'".formatted(HEADER));
      }
      return;
    }
    String[] fields = line.split(",", -1);
    try {
      Ballot ballot =
          new Ballot(
              Long.parseLong(fields[0]), fields[1], LocalDateTime.parse(fields[2]), fields[3]);
      String link = chain.add(ballot);
      // Equal as text too: a ballot has one form.
      if (line(ballot, link).equals(line + "\n")) {
        return;
      }
    } catch (IllegalArgumentException | DateTimeException | ArrayIndexOutOfBoundsException e) {
      throw new BrokenException(
          "line %d is no ballot that follows the one before".formatted(number));
    }
    throw new BrokenException(
        "line %d does not fit the chain: it, or a line before it, was changed".formatted(number));
  }
}
