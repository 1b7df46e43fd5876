package io.parley.shim.measure;

import io.parley.agreement.Limits;
import io.parley.evidence.Manifest;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The apps that the host gave, in folders named 1, 2, and so on: all are measured at once, the
 * first is copied meanwhile. A later one is copied when its turn comes, and must then be what it
 * was: so there is one copy at a time, and a step gets files that no other step has touched. One
 * thread at a time.
 */
public final class MeasuredApps {
  private final Path source;
  private final Path target;
  private final MeasuredApp first;
  private final List<Digest> digests;
  private final long largestBytes;

  private MeasuredApps(
      Path source, Path target, MeasuredApp first, List<Digest> digests, long largestBytes) {
    this.source = source;
    this.target = target;
    this.first = first;
    this.digests = List.copyOf(digests);
    this.largestBytes = largestBytes;
  }

  /**
   * Measures what is in {@code source}.
   *
   * @param target where copies go, each in a folder of its own
   * @throws RefusedException APP_NOT_FOUND when there is none; as {@link
   *     io.parley.evidence.ManifestBuilder} does
   */
  public static MeasuredApps of(Path source, Path target) {
    if (!Files.isDirectory(folder(source, 0))) {
      throw new RefusedException(
          Reason.APP_NOT_FOUND,
          "this enclave computes, and its host gave it no app; add the app to the node",
          Map.of("folder", source.toString()));
    }
    MeasuredApp first = AppMeasurement.copy(folder(source, 0), folder(target, 0));
    List<Digest> digests = new ArrayList<>(List.of(first.digest()));
    long largest = first.sizeBytes();
    for (int i = 1; i < Limits.MAX_STEPS && Files.isDirectory(folder(source, i)); i++) {
      digests.add(measured(folder(source, i)));
      largest = Math.max(largest, AppMeasurement.sizeBytes(folder(source, i)));
    }
    return new MeasuredApps(source, target, first, digests, largest);
  }

  /** What was measured, in the order of the folders; at least one. */
  public List<Digest> digests() {
    return digests;
  }

  /** What the largest takes as a copy. */
  public long largestBytes() {
    return largestBytes;
  }

  /** The first, in its copy. */
  public MeasuredApp first() {
    return first;
  }

  /**
   * The app at this index, in its copy.
   *
   * @throws RefusedException APP_DIGEST_WRONG when the host has changed it meanwhile
   */
  public MeasuredApp staged(int index) {
    if (index == 0 && Files.isDirectory(first.folder())) {
      return first;
    }
    MeasuredApp copy = AppMeasurement.copy(folder(source, index), folder(target, index));
    if (!copy.digest().equals(digests.get(index))) {
      throw new RefusedException(
          Reason.APP_DIGEST_WRONG,
          "the host changed the app after it was measured: expected %s, came %s"
              .formatted(digests.get(index), copy.digest()),
          Map.of("expected", digests.get(index).toString(), "seen", copy.digest().toString()));
    }
    return copy;
  }

  private static Path folder(Path of, int index) {
    return of.resolve(Integer.toString(index + 1));
  }

  private static Digest measured(Path folder) {
    try {
      return Manifest.builder().measure(folder).build().digest();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "the app could not be measured: " + e.getMessage(),
          Map.of("folder", folder.toString()),
          e);
    }
  }
}
