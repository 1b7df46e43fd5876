package io.parley.peer.datasets;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Dataset;
import io.parley.peer.store.DatasetRecord;
import io.parley.peer.store.DatasetStore;
import io.parley.peer.store.NodeDatabase;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.time.InstantSource;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a node keeps beside its datasets for enclaves. */
class CertificatesTest {
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});
  private static final Digest OTHER = Digest.of(new byte[] {2});
  private static final ByteString ONE = ByteString.copyFromUtf8("one");
  private static final ByteString TWO = ByteString.copyFromUtf8("two");

  @TempDir private Path root;
  private NodeDatabase database;
  private Datasets datasets;
  private DatasetRecord record;

  @BeforeEach
  void open() {
    database = NodeDatabase.open(root.resolve("node.db"));
    datasets = datasets();
    record = add(false);
  }

  @AfterEach
  void close() {
    database.close();
  }

  @Test
  void isThereForTheSameAgreementAlsoAfterARestart() {
    assertThat(certificate(AGREEMENT)).isEmpty();

    datasets.certify(record, AGREEMENT, ONE);
    datasets.certify(record, OTHER, TWO);
    datasets = datasets();

    assertThat(certificate(AGREEMENT)).isEqualTo(ONE);
    assertThat(certificate(OTHER)).isEqualTo(TWO);
    assertThat(certificate(Digest.of(new byte[] {3}))).isEmpty();
  }

  @Test
  void aNewOneTakesThePlaceOfTheOldOne() throws IOException {
    datasets.certify(record, AGREEMENT, ONE);
    datasets.certify(record, AGREEMENT, TWO);

    assertThat(certificate(AGREEMENT)).isEqualTo(TWO);
    assertThat(files()).hasSize(2);
  }

  @Test
  void onlyTheNodesUserCanReadIt() throws IOException {
    datasets.certify(record, AGREEMENT, ONE);

    assertThat(files())
        .allSatisfy(file ->
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
                .isEqualTo("rw-------"));
  }

  @Test
  void goesWithItsDataset() throws IOException {
    datasets.certify(record, AGREEMENT, ONE);
    datasets.certify(record, OTHER, TWO);

    datasets.remove("t");

    assertThat(files()).isEmpty();
  }

  @Test
  void aReplacedDatasetHasNoneAndGetsNoneOfTheOldOne() throws IOException {
    datasets.certify(record, AGREEMENT, ONE);

    add(true);
    datasets.certify(record, AGREEMENT, TWO);

    assertThat(certificate(AGREEMENT)).isEmpty();
    assertThat(files()).hasSize(1);
  }

  @Test
  void aRemovedDatasetGetsNone() throws IOException {
    datasets.remove("t");
    datasets.certify(record, AGREEMENT, ONE);

    assertThat(files()).isEmpty();
  }

  @Test
  void oneThatIsTooLongIsRefusedOrNotRead() throws IOException {
    ByteString most = ByteString.copyFrom(new byte[Certificates.SIZE_BYTES_MAX]);
    datasets.certify(record, AGREEMENT, most);
    assertThat(certificate(AGREEMENT)).isEqualTo(most);

    ByteString more = most.concat(ONE);
    assertThatThrownBy(() -> datasets.certify(record, AGREEMENT, more))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.PEER_PROTOCOL_BROKEN));
    assertThat(certificate(AGREEMENT)).isEqualTo(most);

    for (Path file : files()) {
      Files.write(file, more.toByteArray());
    }
    assertThat(certificate(AGREEMENT)).isEmpty();
  }

  @Test
  void thereAreNeverMoreThanTheLimit() throws IOException {
    for (int i = 0; i <= Certificates.COUNT_MAX + 1; i++) {
      datasets.certify(record, Digest.of(new byte[] {(byte) i, (byte) (i >> 8)}), ONE);
      assertThat(files()).hasSizeLessThanOrEqualTo(1 + Certificates.COUNT_MAX);
    }
    assertThat(files()).hasSize(1 + 2);
  }

  @Test
  void whatIsLeftOfOneThatWasBeingWrittenGoesAtTheStart() throws IOException {
    datasets.certify(record, AGREEMENT, ONE);
    Files.write(datasets.spool(), TWO.toByteArray());
    Files.write(
        root.resolve("datasets").resolve("t").resolve("0000.arrow.x.certificate"), new byte[1]);

    datasets = datasets();

    assertThat(files()).hasSize(2);
    assertThat(certificate(AGREEMENT)).isEqualTo(ONE);
  }

  private ByteString certificate(Digest agreement) {
    Dataset agreed = new Dataset("t", "p", record.columns(), List.of());
    try (Datasets.Opened opened = datasets.open(agreed, agreement)) {
      return opened.certificate();
    }
  }

  private Datasets datasets() {
    return new Datasets(
        root.resolve("datasets"),
        new DatasetStore(database),
        new SecureRandom(),
        InstantSource.system(),
        10);
  }

  private DatasetRecord add(boolean replace) {
    try (Upload upload = new Upload(datasets, 1 << 20)) {
      upload.write(ByteString.copyFromUtf8("id\n1\n2\n"));
      return upload.finish("t", "csv", "t.csv", List.of(), replace);
    }
  }

  /** All files below the datasets' folder. */
  private List<Path> files() throws IOException {
    try (Stream<Path> files = Files.walk(root.resolve("datasets"))) {
      return files.filter(Files::isRegularFile).toList();
    }
  }
}
