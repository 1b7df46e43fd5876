package io.parley.peer.members;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Lists that wait for signatures, on disk. Each would follow the newest list; when one of them has,
 * the others are dropped, since they can follow nothing any more. Thread-safe.
 */
final class Proposals {
  static final int MAX = 16;
  private static final String SUFFIX = ".proposal";

  private final Path folder;
  private final MembershipStore members;

  Proposals(Path folder, MembershipStore members) {
    this.folder = folder;
    this.members = members;
  }

  /** Those that would follow the newest list, oldest first. */
  synchronized List<DsseEnvelope> open() {
    List<DsseEnvelope> open = new ArrayList<>();
    for (Path file : files()) {
      DsseEnvelope proposal = read(file);
      if (follows(proposal)) {
        open.add(proposal);
      } else {
        delete(file);
      }
    }
    open.sort(Comparator.comparing(p -> issued(p)));
    return open;
  }

  /** The one with this digest. */
  synchronized Optional<DsseEnvelope> find(Digest digest) {
    return open().stream().filter(p -> p.digest().equals(digest)).findFirst();
  }

  /**
   * Adds the valid signatures of a proposal to what is here. When nothing is missing any more, the
   * list becomes the newest one.
   *
   * @return what is here now
   * @throws RefusedException MEMBERSHIP_OUTDATED, INVALID_MEMBERSHIP; INVALID_SIGNATURE when one
   *     does not verify, or when a new member has not signed; TOO_MANY
   */
  synchronized Merged merge(DsseEnvelope proposal) {
    MembershipChain chain = members.chain();
    Membership list = chain.open(proposal, true);
    Optional<DsseEnvelope> known = find(proposal.digest());
    DsseEnvelope merged =
        known.orElseGet(
            () -> new DsseEnvelope(proposal.payloadType(), proposal.payload(), List.of()));
    for (DsseSignature signature : proposal.signatures()) {
      merged = chain.addSignature(merged, signature);
    }
    var missing = chain.missing(merged);
    requireJoinersSigned(chain.current(), list, missing);
    if (missing.isEmpty()) {
      members.extend(List.of(merged));
      open();
      return new Merged(merged, true, true);
    }
    boolean changed = !known.equals(Optional.of(merged));
    if (changed) {
      save(merged, known.isPresent());
    }
    return new Merged(merged, changed, false);
  }

  /**
   * @param changed whether there was anything new in it
   * @param complete whether it is the newest list now
   */
  record Merged(DsseEnvelope proposal, boolean changed, boolean complete) {}

  private static void requireJoinersSigned(
      Membership current, Membership next, java.util.Collection<String> missing) {
    for (String party : missing) {
      if (current.find(party).isEmpty()) {
        throw new RefusedException(
            Reason.INVALID_SIGNATURE,
            "the proposal lacks the signature of '%s', which it would take in".formatted(party),
            Map.of("party", party));
      }
    }
    if (missing.size() == next.members().size()) {
      throw new RefusedException(Reason.INVALID_SIGNATURE, "nobody has signed the proposal");
    }
  }

  private boolean follows(DsseEnvelope proposal) {
    try {
      members.chain().open(proposal, true);
      return true;
    } catch (ParleyException e) {
      return false;
    }
  }

  private java.time.Instant issued(DsseEnvelope proposal) {
    return members.chain().open(proposal, true).issued();
  }

  private void save(DsseEnvelope proposal, boolean known) {
    if (!known && open().size() >= MAX) {
      throw new RefusedException(
          Reason.TOO_MANY, "%d proposals wait for signatures; at most %d".formatted(MAX, MAX));
    }
    Path file = folder.resolve(proposal.digest().hex() + SUFFIX);
    try {
      AtomicFiles.write(file, proposal.encode().toByteArray());
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private List<Path> files() {
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    try (Stream<Path> list = Files.list(folder)) {
      return list.filter(f -> f.toString().endsWith(SUFFIX)).sorted().toList();
    } catch (IOException e) {
      throw failed(folder, e);
    }
  }

  private static DsseEnvelope read(Path file) {
    try {
      return DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file)));
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static void delete(Path file) {
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw failed(file, e);
    }
  }

  private static EnvironmentException failed(Path file, IOException cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "cannot keep proposals in %s: %s".formatted(file, cause),
        Map.of("file", file.toString()),
        cause);
  }
}
