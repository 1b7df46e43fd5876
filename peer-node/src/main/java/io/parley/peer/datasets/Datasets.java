package io.parley.peer.datasets;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.agreement.Dataset;
import io.parley.link.Descriptor;
import io.parley.peer.store.DatasetRecord;
import io.parley.peer.store.DatasetStore;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The party's own datasets: Arrow files below {@code root/NAME/ID.arrow}, readable by the node's
 * user only, their records, and what enclaves gave to keep beside them.
 *
 * <p>Guarantee: a dataset is there whole or not at all, also after a crash; a replaced or removed
 * one stays readable through descriptors that are open. Thread-safe.
 */
public final class Datasets {
  /**
   * An own dataset, open for one job; whoever gets it closes it.
   *
   * @param certificate what an enclave of the same agreement gave {@link #certify}, or empty
   */
  public record Opened(DatasetRecord record, Descriptor file, ByteString certificate)
      implements AutoCloseable {
    @Override
    public void close() {
      file.close();
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(Datasets.class);
  private static final int SALT_BYTES = 32;
  private static final int ID_BYTES = 8;
  private static final String INCOMING = ".incoming";

  private final Path root;
  private final Certificates certificates;
  private final DatasetStore store;
  private final SecureRandom random;
  private final InstantSource clock;
  private final int limitCount;

  /** Removes what an earlier process left half done. */
  public Datasets(
      Path root, DatasetStore store, SecureRandom random, InstantSource clock, int limitCount) {
    this.root = root;
    this.certificates = new Certificates(root);
    this.store = store;
    this.random = random;
    this.clock = clock;
    this.limitCount = limitCount;
    try {
      makePrivate(root.resolve(INCOMING));
      removeStrays();
    } catch (IOException e) {
      throw failed("cannot prepare " + root, e);
    }
  }

  /** A new private file for bytes that are on their way in; whoever asks deletes it. */
  Path spool() {
    return root.resolve(INCOMING).resolve(id());
  }

  /** Where an import may put what does not fit into memory. */
  Path temporary() {
    return root.resolve(INCOMING);
  }

  /**
   * Reads a spooled file and keeps it as a dataset.
   *
   * @param wanted the columns to keep; empty: as the file has them
   * @throws RefusedException ALREADY_EXISTS unless {@code replace}; INVALID_DATASET; TOO_MANY
   */
  DatasetRecord add(String name, DatasetImport source, List<Column> wanted, boolean replace) {
    refuseUnlessFree(name, replace);
    byte[] salt = new byte[SALT_BYTES];
    random.nextBytes(salt);
    String file = name + "/" + id() + ".arrow";
    try {
      makePrivate(root.resolve(name));
    } catch (IOException e) {
      throw failed("cannot make " + root.resolve(name), e);
    }
    DatasetImport.Imported imported = source.into(root.resolve(file), wanted, salt);
    DatasetRecord record =
        new DatasetRecord(
            name,
            imported.columns(),
            imported.rows(),
            imported.sizeBytes(),
            clock.instant(),
            ByteString.copyFrom(salt),
            imported.commitment(),
            file);
    keep(record, replace);
    return record;
  }

  /** Asks again whether the name is free: another import may have been faster. */
  private synchronized void keep(DatasetRecord record, boolean replace) {
    try {
      refuseUnlessFree(record.name(), replace);
    } catch (RefusedException e) {
      ArrowOutput.deleteQuietly(root.resolve(record.file()));
      throw e;
    }
    @Nullable DatasetRecord replaced = store.put(record);
    if (replaced != null) {
      delete(replaced);
    }
  }

  private void refuseUnlessFree(String name, boolean replace) {
    @Nullable DatasetRecord before = store.get(name).orElse(null);
    if (before != null && !replace) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "there is a dataset '%s' already; replace it knowingly, or choose another name"
              .formatted(name),
          Map.of("dataset", name));
    }
    if (before == null && store.list().size() >= limitCount) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "the node holds %d datasets already, as many as limits.datasets allows"
              .formatted(limitCount),
          Map.of("limit", Integer.toString(limitCount)));
    }
  }

  public List<DatasetRecord> list() {
    return store.list();
  }

  /**
   * Forgets a dataset. Running jobs keep its rows until they end.
   *
   * @throws RefusedException DATASET_NOT_FOUND
   */
  public synchronized void remove(String name) {
    DatasetRecord record = get(name);
    store.remove(name);
    delete(record);
  }

  private void delete(DatasetRecord record) {
    ArrowOutput.deleteQuietly(root.resolve(record.file()));
    certificates.delete(record);
  }

  /**
   * Opens the dataset that an agreement means.
   *
   * @param agreement digest of the agreement
   * @throws RefusedException DATASET_NOT_FOUND; INVALID_DATASET when its columns are not those of
   *     the agreement
   */
  public Opened open(Dataset agreed, Digest agreement) {
    DatasetRecord record = get(agreed.name());
    requireColumns(agreed, record);
    try {
      return new Opened(
          record,
          Descriptor.openForReading(root.resolve(record.file())),
          certificates.read(record, agreement));
    } catch (IOException e) {
      throw failed("cannot open dataset '" + agreed.name() + "'", e);
    }
  }

  /**
   * Keeps what an enclave gave for the next job with this file under this agreement; as long as the
   * dataset, unless the disk is full. A dataset that was replaced or removed meanwhile keeps none.
   *
   * @throws RefusedException PEER_PROTOCOL_BROKEN when it is longer than any can be
   */
  public synchronized void certify(
      DatasetRecord dataset, Digest agreement, ByteString certificate) {
    if (certificate.size() > Certificates.SIZE_BYTES_MAX) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "the enclave gave a certificate of %d bytes for dataset '%s'; at most %d"
              .formatted(certificate.size(), dataset.name(), Certificates.SIZE_BYTES_MAX));
    }
    boolean current =
        store.get(dataset.name()).filter(now -> now.file().equals(dataset.file())).isPresent();
    if (current) {
      try {
        certificates.write(dataset, agreement, certificate, spool());
      } catch (IOException e) {
        LOG.warn("the certificate of dataset '{}' is not kept: {}", dataset.name(), e.getMessage());
      }
    }
  }

  /** As {@link #open}, without opening. */
  public void check(Dataset agreed) {
    requireColumns(agreed, get(agreed.name()));
  }

  private DatasetRecord get(String name) {
    return store
        .get(name)
        .orElseThrow(() ->
            new RefusedException(
                Reason.DATASET_NOT_FOUND,
                "no dataset '%s' here; add it with 'parley dataset add'".formatted(name),
                Map.of("dataset", name)));
  }

  /** A dataset may have more columns than an agreement lets go; the enclave leaves those out. */
  private static void requireColumns(Dataset agreed, DatasetRecord record) {
    for (Column wanted : agreed.columns()) {
      boolean there =
          record.columns().stream()
              .anyMatch(has ->
                  has.name().equals(wanted.name())
                      && has.type().equals(wanted.type())
                      && (wanted.nullable() || !has.nullable()));
      if (!there) {
        String expected = shown(agreed.columns());
        String came = shown(record.columns());
        throw new RefusedException(
            Reason.INVALID_DATASET,
            "dataset '%s' does not have the agreement's columns: expected (%s), came (%s); add it again for this agreement"
                .formatted(agreed.name(), expected, came),
            Map.of("dataset", agreed.name(), "expected", expected, "came", came));
      }
    }
  }

  private static String shown(List<Column> columns) {
    return columns.stream()
        .map(c -> c.name() + " " + c.type().sql() + (c.nullable() ? "" : " NOT NULL"))
        .collect(Collectors.joining(", "));
  }

  private void removeStrays() throws IOException {
    Set<Path> known = new HashSet<>();
    for (DatasetRecord record : store.list()) {
      Path file = root.resolve(record.file());
      known.add(file);
      if (Files.exists(file)) {
        known.addAll(Certificates.of(file));
      }
    }
    try (Stream<Path> files = Files.walk(root, 2)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        if (!known.contains(file)) {
          Files.delete(file);
        }
      }
    }
  }

  private static void makePrivate(Path folder) throws IOException {
    Files.createDirectories(
        folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
  }

  private String id() {
    byte[] bytes = new byte[ID_BYTES];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }

  private static EnvironmentException failed(String what, IOException cause) {
    return new EnvironmentException(
        Reason.IO_FAILED,
        what + ": " + Objects.requireNonNullElse(cause.getMessage(), ""),
        Map.of(),
        cause);
  }
}
