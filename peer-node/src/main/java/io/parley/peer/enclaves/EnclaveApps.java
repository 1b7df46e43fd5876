package io.parley.peer.enclaves;

import io.parley.agreement.Agreement;
import io.parley.agreement.Chain;
import io.parley.wire.Digest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an enclave is to run: no app, one, or those of a chain. Immutable.
 *
 * @param chain whose steps the apps are; null where there is one app or none
 * @param folders the apps' files, in the order of the steps
 */
public record EnclaveApps(@Nullable Chain chain, List<Path> folders) {
  /** For a party that does not compute. */
  public static final EnclaveApps NONE = new EnclaveApps(null, List.of());

  public EnclaveApps {
    folders = List.copyOf(folders);
    if (chain == null ? folders.size() > 1 : folders.size() != chain.steps().size()) {
      throw new IllegalArgumentException(
          "%d folders of apps do not fit the agreement".formatted(folders.size()));
    }
  }

  /** One app, or none. */
  public static EnclaveApps single(@Nullable Path folder) {
    return folder == null ? NONE : new EnclaveApps(null, List.of(folder));
  }

  /** Those of an agreement, which may be in these folders. */
  public static EnclaveApps of(Agreement agreement, List<Path> folders) {
    return new EnclaveApps(agreement.chain(), folders);
  }

  /**
   * What stands for apps of these digests in evidence.
   *
   * @param digests one for each folder; null where none was taken
   * @return null where there is no app, or a digest is missing
   */
  @Nullable Digest digest(List<@Nullable Digest> digests) {
    List<Digest> all = new ArrayList<>();
    for (@Nullable Digest digest : digests) {
      if (digest == null) {
        return null;
      }
      all.add(digest);
    }
    if (chain != null) {
      return chain.withApps(all).digest();
    }
    return all.isEmpty() ? null : all.getFirst();
  }
}
