package io.parley.peer.members;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.identity.Membership;
import io.parley.identity.MembershipChain;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/**
 * The chain of membership lists in a folder, one file per version ({@code 0001.dsse}, ...).
 *
 * <p>Guarantee: what it gives out was checked from the first version on; a version is on disk
 * before it is given out; versions never go back or change. Safe for use by several threads of one
 * process.
 */
public final class MembershipStore implements Supplier<Membership> {
  private static final String NAME = "%04d.dsse";

  private final Path folder;
  private volatile MembershipChain chain;

  private MembershipStore(Path folder, MembershipChain chain) {
    this.folder = folder;
    this.chain = chain;
  }

  /** Whether there is a chain in this folder. */
  public static boolean exists(Path folder) {
    return Files.exists(folder.resolve(NAME.formatted(1)));
  }

  /**
   * The chain in this folder.
   *
   * @throws RefusedException INVALID_MEMBERSHIP when there is none, or one that does not verify
   * @throws EnvironmentException IO_FAILED
   */
  public static MembershipStore open(Path folder) {
    List<DsseEnvelope> versions = read(folder, 1);
    if (versions.isEmpty()) {
      throw new RefusedException(
          Reason.INVALID_MEMBERSHIP,
          "there is no consortium in %s; 'parley consortium init' founds one, 'parley consortium join'"
                  .formatted(folder)
              + " enters one",
          Map.of("folder", folder.toString()));
    }
    return new MembershipStore(folder, MembershipChain.verify(versions));
  }

  /**
   * Puts a chain into a folder that has none.
   *
   * @throws RefusedException ALREADY_EXISTS when there is one
   */
  public static MembershipStore create(Path folder, MembershipChain chain) {
    if (exists(folder)) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "there is a consortium in %s already".formatted(folder),
          Map.of("folder", folder.toString()));
    }
    write(folder, chain.envelopes(), 1);
    return new MembershipStore(folder, chain);
  }

  /** The newest list. */
  @Override
  public Membership get() {
    return chain.current();
  }

  /** The newest list. */
  public Membership current() {
    return chain.current();
  }

  public MembershipChain chain() {
    return chain;
  }

  /**
   * Takes in versions from elsewhere; those that are here already are skipped.
   *
   * @return whether there is a newer list now
   * @throws RefusedException MEMBERSHIP_OUTDATED for a fork or a gap; INVALID_MEMBERSHIP
   */
  public synchronized boolean extend(List<DsseEnvelope> versions) {
    MembershipChain before = chain;
    MembershipChain after = before.extend(versions);
    int known = before.envelopes().size();
    if (after.envelopes().size() == known) {
      return false;
    }
    write(folder, after.after(known), known + 1);
    chain = after;
    return true;
  }

  /** Takes in versions that another process has put into the folder since. */
  public synchronized boolean reload() {
    return extend(read(folder, chain.envelopes().size() + 1));
  }

  private static List<DsseEnvelope> read(Path folder, int from) {
    List<DsseEnvelope> versions = new ArrayList<>();
    try {
      for (int n = from; n <= MembershipChain.MAX_VERSIONS; n++) {
        Path file = folder.resolve(NAME.formatted(n));
        if (!Files.exists(file)) {
          break;
        }
        versions.add(DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file))));
      }
    } catch (IOException e) {
      throw failed("read", folder, e);
    }
    return versions;
  }

  private static void write(Path folder, List<DsseEnvelope> versions, int from) {
    try {
      int n = from;
      for (DsseEnvelope version : versions) {
        AtomicFiles.write(folder.resolve(NAME.formatted(n++)), version.encode().toByteArray());
      }
    } catch (IOException e) {
      throw failed("write", folder, e);
    }
  }

  private static EnvironmentException failed(String verb, Path folder, IOException cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        "cannot %s the membership lists in %s: %s".formatted(verb, folder, cause),
        Map.of("folder", folder.toString()),
        cause);
  }
}
