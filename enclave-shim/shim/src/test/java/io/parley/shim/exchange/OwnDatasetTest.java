package io.parley.shim.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.identity.SigningKey;
import io.parley.link.Descriptor;
import io.parley.seal.CommitmentCertificate;
import io.parley.seal.Fingerprints;
import io.parley.seal.Secret;
import io.parley.shim.arrow.ArrowFile;
import io.parley.shim.arrow.Table;
import io.parley.shim.arrow.TableSchema;
import io.parley.shim.arrow.TestTables;
import io.parley.shim.host.DatasetHandle;
import io.parley.shim.keys.JobKeys;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A host that changes a dataset while its enclave reads it. */
@Timeout(60)
class OwnDatasetTest {
  private static final List<Column> COLUMNS =
      List.of(new Column("a", ColumnType.BIGINT, false), new Column("b", ColumnType.BIGINT, false));

  private static final Dataset DATASET = new Dataset("t", "p", COLUMNS.subList(0, 1), List.of("q"));

  private static final ByteString SALT = ByteString.copyFrom(new byte[32]);
  private static final Digest AGREEMENT = Digest.of(new byte[] {1});

  @TempDir private Path folder;
  private final SecureRandom random = new SecureRandom();
  private final Secret dataKey = Secret.random(32, random);
  private final List<ByteString> given = new ArrayList<>();
  private final Certificates certificates = certificates(AGREEMENT, dataKey);
  private Path path;
  private byte[] bytes;
  private DatasetHandle handle;

  @BeforeEach
  void give() throws IOException {
    List<@Nullable Object[]> rows = new ArrayList<>();
    LongStream.range(0, 50_000).forEach(i -> rows.add(new @Nullable Object[] {i, -i}));
    bytes = TestTables.file(COLUMNS, rows, 20_000);
    path = Files.write(folder.resolve("t.arrow"), bytes);
    handle = handle("t", ByteString.EMPTY);
  }

  private DatasetHandle handle(String dataset, ByteString certificate) throws IOException {
    return new DatasetHandle(
        dataset, bytes.length, SALT, certificate, Descriptor.openForReading(path));
  }

  private Certificates certificates(Digest agreement, Secret key) {
    return new Certificates(
        agreement,
        new JobKeys(
            SigningKey.generate(random).verifyingKey(),
            Map.of("t", key, "u", key),
            Secret.random(32, random)),
        random,
        (dataset, certificate) -> given.add(certificate));
  }

  @AfterEach
  void close() {
    handle.close();
  }

  @Test
  void everyPassStatesTheCommitmentToSaltAndFile() {
    OwnDataset own = OwnDataset.open(DATASET, handle, random);
    Digest expected = Digest.of(SALT.concat(ByteString.copyFrom(bytes)));

    for (int pass = 0; pass < 3; pass++) {
      long[] rows = new long[1];
      DatasetUse use = own.read(certificates, batch -> rows[0] += batch.rows());
      assertThat(use).isEqualTo(new DatasetUse("t", 50_000, expected));
      assertThat(rows[0]).isEqualTo(50_000);
    }
  }

  @Test
  void anyByteThatChangesAfterTheCommitmentIsNoticed() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, random);
    own.read(certificates, batch -> {});
    int[] places = {
      7, // Padding behind the magic.
      bytes.length / 4, // A value of a column that goes out.
      bytes.length / 2, // A value further on, of either column.
      bytes.length - 20 // The footer, which was read before.
    };
    for (int place : places) {
      flip(place);
      assertThatThrownBy(() -> own.read(certificates, batch -> {}))
          .isInstanceOfSatisfying(
              RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
          .hasMessageContaining("changed while it was read");
      flip(place);
    }
    assertThat(own.read(certificates, batch -> {}).rows()).isEqualTo(50_000);
  }

  @Test
  void aChangeDuringAPassIsNoticed() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, random);
    own.read(certificates, batch -> {});
    int[] batches = new int[1];

    assertThatThrownBy(() ->
            own.read(
                certificates,
                batch -> {
                  if (batches[0]++ == 0) {
                    flip(bytes.length - 100_000);
                  }
                }))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("changed while it was read");
    assertThat(batches[0]).isEqualTo(3);
  }

  @Test
  void aFileThatIsCutEndsThePass() throws IOException {
    OwnDataset own = OwnDataset.open(DATASET, handle, random);
    own.read(certificates, batch -> {});
    try (FileChannel file = FileChannel.open(path, StandardOpenOption.WRITE)) {
      file.truncate(bytes.length / 2);
    }

    assertThatThrownBy(() -> own.read(certificates, batch -> {}))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
  }

  @Test
  void theFirstJobGivesOneCertificateAndLaterOnesNone() throws IOException {
    Digest commitment = commitment();
    OwnDataset first = OwnDataset.open(DATASET, handle, random);
    for (int pass = 0; pass < 3; pass++) {
      assertThat(first.read(certificates, batch -> {}).commitment()).isEqualTo(commitment);
    }
    assertThat(given).hasSize(1);

    try (DatasetHandle later = handle("t", given.getFirst())) {
      OwnDataset own = OwnDataset.open(DATASET, later, random);
      for (int pass = 0; pass < 3; pass++) {
        long[] rows = new long[1];
        DatasetUse use = own.read(certificates, batch -> rows[0] += batch.rows());
        assertThat(use).isEqualTo(new DatasetUse("t", 50_000, commitment));
        assertThat(rows[0]).isEqualTo(50_000);
      }
    }
    assertThat(given).hasSize(1);
  }

  /** The commitment that it states is made up, which only an enclave could do. */
  @Test
  void whatIsCertifiedIsNotHashedAgain() throws IOException {
    Digest madeUp = Digest.of(new byte[] {42});

    try (DatasetHandle later = handle("t", certified(madeUp, AGREEMENT, "t", SALT, dataKey))) {
      assertThat(
              OwnDataset.open(DATASET, later, random).read(certificates, batch -> {}).commitment())
          .isEqualTo(madeUp);
    }
    assertThat(given).isEmpty();
  }

  @Test
  void aCertifiedFileThatChangedIsRefused() throws IOException {
    ByteString certificate = certified(commitment(), AGREEMENT, "t", SALT, dataKey);
    for (int place : new int[] {7, bytes.length / 4, bytes.length / 2, bytes.length - 20}) {
      try (DatasetHandle later = handle("t", certificate)) {
        OwnDataset own = OwnDataset.open(DATASET, later, random);
        flip(place);
        assertThatThrownBy(() -> own.read(certificates, batch -> {}))
            .isInstanceOfSatisfying(
                RefusedException.class,
                e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_DATASET))
            .hasMessageContaining("changed since an earlier job");
        flip(place);
      }
    }
    assertThat(given).isEmpty();
  }

  @Test
  void aCertifiedFileThatChangesDuringAPassIsRefused() throws IOException {
    try (DatasetHandle later =
        handle("t", certified(commitment(), AGREEMENT, "t", SALT, dataKey))) {
      OwnDataset own = OwnDataset.open(DATASET, later, random);
      int[] batches = new int[1];
      assertThatThrownBy(() ->
              own.read(
                  certificates,
                  batch -> {
                    if (batches[0]++ == 0) {
                      flip(bytes.length - 100_000);
                    }
                  }))
          .isInstanceOf(RefusedException.class);
    }
  }

  /** All that a host can do is not to be believed, and to have its file hashed. */
  @Test
  void aCertificateThatDoesNotOpenCostsTimeOnly() throws IOException {
    Digest madeUp = Digest.of(new byte[] {42});
    Secret otherEpoch = Secret.random(32, random);
    ByteString right = certified(madeUp, AGREEMENT, "t", SALT, dataKey);
    byte[] flipped = right.toByteArray();
    flipped[50] ^= 1;
    Map<String, ByteString> bad =
        Map.of(
            "withheld", ByteString.EMPTY,
            "flipped", ByteString.copyFrom(flipped),
            "cut", right.substring(0, 100),
            "long", right.concat(ByteString.copyFrom(new byte[1 << 20])),
            "zeros", ByteString.copyFrom(new byte[124]),
            "another agreement's", certified(madeUp, Digest.of(SALT), "t", SALT, dataKey),
            "another dataset's", certified(madeUp, AGREEMENT, "u", SALT, dataKey),
            "another file's", certified(madeUp, AGREEMENT, "t", AGREEMENT.value(), dataKey),
            "another epoch's", certified(madeUp, AGREEMENT, "t", SALT, otherEpoch));

    for (Map.Entry<String, ByteString> entry : bad.entrySet()) {
      given.clear();
      try (DatasetHandle later = handle("t", entry.getValue())) {
        OwnDataset own = OwnDataset.open(DATASET, later, random);
        assertThat(own.read(certificates, batch -> {}).commitment())
            .as(entry.getKey())
            .isEqualTo(commitment());
      }
      assertThat(given).as(entry.getKey()).hasSize(1);
    }
  }

  /** Two files of one size under one salt, each with its own certificate, and then the other's. */
  @Test
  void certificatesOfTwoVersionsOfAFileAreNotExchanged() throws IOException {
    ByteString one = certified(commitment(), AGREEMENT, "t", SALT, dataKey);
    flip(bytes.length / 4);
    bytes = Files.readAllBytes(path);
    ByteString other = certified(commitment(), AGREEMENT, "t", SALT, dataKey);

    try (DatasetHandle wrong = handle("t", one);
        DatasetHandle right = handle("t", other)) {
      assertThatThrownBy(
              () -> OwnDataset.open(DATASET, wrong, random).read(certificates, batch -> {}))
          .isInstanceOf(RefusedException.class);
      assertThat(OwnDataset.open(DATASET, right, random).read(certificates, batch -> {}))
          .isEqualTo(new DatasetUse("t", 50_000, commitment()));
    }
  }

  private Digest commitment() {
    return Digest.of(SALT.concat(ByteString.copyFrom(bytes)));
  }

  /** As an enclave would have sealed it that saw the file as it is now. */
  private ByteString certified(
      Digest commitment, Digest agreement, String dataset, ByteString salt, Secret key)
      throws IOException {
    Fingerprints fingerprints = new Fingerprints(random);
    Fingerprints.Pass pass = fingerprints.start();
    try (DatasetHandle now = handle("t", ByteString.EMPTY)) {
      ArrowFile.open(
              new DescriptorFile(now.descriptor(), bytes.length, "t"),
              TableSchema.of(DATASET.columns()),
              new Table("t", "p"))
          .scan(pass::update);
    }
    return new CommitmentCertificate(commitment, fingerprints, pass.finish())
        .seal(
            key, new CommitmentCertificate.Context(agreement, dataset, salt, bytes.length), random);
  }

  private void flip(int place) {
    try (FileChannel file =
        FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer one = ByteBuffer.allocate(1);
      file.read(one, place);
      file.write(ByteBuffer.allocate(1).put(0, (byte) (one.get(0) ^ 1)), place);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
