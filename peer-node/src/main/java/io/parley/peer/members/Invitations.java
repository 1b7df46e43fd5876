package io.parley.peer.members;

import com.google.protobuf.ByteString;
import io.parley.identity.Invitation;
import io.parley.identity.Member;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Invitations that this node has given out, each good for one joiner and for a time.
 *
 * <p>Guarantee: only the SHA-256 of a secret is on disk; the first joiner who shows it is the only
 * one it works for, also after a restart. Thread-safe.
 */
final class Invitations {
  static final Duration VALID_DEFAULT = Duration.ofHours(24);
  private static final int SECRET_BYTES = 32;
  private static final int OPEN_MAX = 1000;
  private static final String SUFFIX = ".invitation";

  private final Path folder;
  private final InstantSource clock;
  private final SecureRandom random;

  Invitations(Path folder, InstantSource clock, SecureRandom random) {
    this.folder = folder;
    this.clock = clock;
    this.random = random;
  }

  /**
   * One more invitation; its secret is nowhere else.
   *
   * @throws RefusedException INVALID_REQUEST when the time is out of bounds; TOO_MANY
   */
  synchronized Invitation issue(String consortium, Member inviter, Duration validFor) {
    Invitation invitation =
        Invitation.create(consortium, inviter, clock.instant(), validFor, random);
    dropOld();
    if (files().size() >= OPEN_MAX) {
      throw new RefusedException(
          Reason.TOO_MANY, "there are %d invitations; at most %d".formatted(OPEN_MAX, OPEN_MAX));
    }
    save(invitation.secret(), new Entry(invitation.expires(), null, null));
    return invitation;
  }

  /**
   * Uses an invitation up for this joiner; the same joiner may come back.
   *
   * @param joiner digest over all that it says about itself
   * @return when it came first
   * @throws RefusedException INVALID_INVITATION when it is none of ours, expired, or used by
   *     another: always with the same words, so that nobody can feel their way
   */
  synchronized Instant claim(ByteString secret, Digest joiner) {
    Entry entry = secret.size() == SECRET_BYTES ? load(secret) : null;
    if (entry == null) {
      throw invalid();
    }
    if (entry.joiner() == null) {
      Instant now = clock.instant();
      if (!now.isBefore(entry.expires())) {
        throw invalid();
      }
      save(secret, new Entry(entry.expires(), joiner, now));
      return now;
    }
    if (!entry.joiner().equals(joiner) || entry.claimed() == null) {
      throw invalid();
    }
    return entry.claimed();
  }

  private static RefusedException invalid() {
    return new RefusedException(
        Reason.INVALID_INVITATION,
        "the invitation is not one of this node's, has expired, or was used by another party");
  }

  private record Entry(Instant expires, @Nullable Digest joiner, @Nullable Instant claimed) {
    String text() {
      return "%s\n%s\n%s\n"
          .formatted(expires, joiner == null ? "" : joiner, claimed == null ? "" : claimed);
    }

    static Entry parse(String text) {
      List<String> lines = text.lines().toList();
      return new Entry(
          Instant.parse(lines.get(0)),
          lines.get(1).isEmpty() ? null : Digest.parse(lines.get(1)),
          lines.get(2).isEmpty() ? null : Instant.parse(lines.get(2)));
    }
  }

  private Path file(ByteString secret) {
    return folder.resolve(Digest.of(secret).hex() + SUFFIX);
  }

  private @Nullable Entry load(ByteString secret) {
    return load(file(secret));
  }

  private static @Nullable Entry load(Path file) {
    try {
      return Files.exists(file)
          ? Entry.parse(Files.readString(file, StandardCharsets.US_ASCII))
          : null;
    } catch (IOException | DateTimeException | IndexOutOfBoundsException e) {
      throw failed(file, e);
    }
  }

  private void save(ByteString secret, Entry entry) {
    Path file = file(secret);
    try {
      AtomicFiles.write(file, entry.text().getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  /** A used one is kept as long as any can be valid, so that its joiner can come back. */
  private void dropOld() {
    Instant now = clock.instant();
    for (Path file : files()) {
      Entry entry = load(file);
      Duration grace =
          entry == null || entry.joiner() == null ? Duration.ZERO : Invitation.MAX_VALIDITY;
      if (entry != null && now.isAfter(entry.expires().plus(grace))) {
        try {
          Files.deleteIfExists(file);
        } catch (IOException e) {
          throw failed(file, e);
        }
      }
    }
  }

  private List<Path> files() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(f -> f.toString().endsWith(SUFFIX)).toList();
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  private static EnvironmentException failed(Path file, Exception cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "cannot keep invitations in %s: %s".formatted(file, cause),
        Map.of("file", file.toString()),
        cause);
  }
}
