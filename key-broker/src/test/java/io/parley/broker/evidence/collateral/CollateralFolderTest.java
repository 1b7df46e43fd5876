package io.parley.broker.evidence.collateral;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A folder of vendors' files, while it changes. */
final class CollateralFolderTest {
  private static final FakeAuthority ROOT =
      FakeAuthority.root("CN=root", FakeAuthority.ec("secp384r1"));

  @TempDir Path folder;
  private final AtomicLong nanos = new AtomicLong(Long.MAX_VALUE - 1);

  @Test
  void readsEveryFormAndLeavesHiddenFilesAlone() throws Exception {
    ByteString der = FakeAuthority.der(List.of(ROOT.certificate())).getFirst();
    write("root.der", der);
    Files.writeString(
        folder.resolve("root.pem"),
        "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
            .formatted(Base64.getMimeEncoder().encodeToString(der.toByteArray())));
    write("root.crl", list());
    FakeIntel intel = new FakeIntel();
    write("tcb.json", intel.answers(intel.tcbInfo()).getFirst());
    Files.writeString(folder.resolve(".new-list.part"), "half of a li");
    Files.createDirectory(folder.resolve("old"));
    Collateral read = open().current();
    assertThat(read.certificates()).containsExactly(ROOT.certificate(), ROOT.certificate());
    assertThat(read.lists().lists()).hasSize(1);
    assertThat(read.tdx()).singleElement().satisfies(it -> assertThat(it.isEmpty()).isFalse());
  }

  @Test
  void seesWhatCameAndWhatWent() throws Exception {
    CollateralFolder collateral = open();
    assertThat(collateral.current()).isEqualTo(Collateral.NONE);
    write("root.crl", list());
    assertThat(collateral.current().lists().isEmpty()).isTrue();
    later();
    assertThat(collateral.current().lists().isEmpty()).isFalse();
    Files.delete(folder.resolve("root.crl"));
    later();
    assertThat(collateral.current().lists().isEmpty()).isTrue();
  }

  /** Half a file must not make a broker forget what was revoked. */
  @Test
  void keepsTheLastThatCouldBeRead() throws Exception {
    write("root.crl", list());
    CollateralFolder collateral = open();
    write("root.crl", list().substring(0, 50));
    later();
    assertThat(collateral.current().lists().lists()).hasSize(1);
    later();
    assertThat(collateral.current().lists().lists()).hasSize(1);
    write("root.crl", list());
    write("second.crl", list());
    later();
    assertThat(collateral.current().lists().lists()).hasSize(2);
    Files.move(folder, folder.resolveSibling("gone"));
    later();
    assertThat(collateral.current().lists().lists()).hasSize(2);
    Files.move(folder.resolveSibling("gone"), folder);
  }

  @Test
  void refusesToStartWithSomethingElse() throws Exception {
    Files.writeString(folder.resolve("notes.txt"), "get the new list on Monday");
    assertThatThrownBy(this::open)
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_CONFIG))
        .hasMessageContaining("notes.txt");
    assertThatThrownBy(() -> CollateralFolder.open(folder.resolve("nowhere"), nanos::get))
        .isInstanceOfSatisfying(
            EnvironmentException.class, e -> assertThat(e.reason()).isEqualTo(Reason.IO_FAILED));
  }

  @Test
  void readsSoManyFilesAndNoMore() throws Exception {
    for (int i = 0; i < 257; i++) {
      Files.createFile(folder.resolve("f" + i));
    }
    assertThatThrownBy(this::open).hasMessageContaining("more than 256 files");
  }

  private CollateralFolder open() {
    return CollateralFolder.open(folder, nanos::get);
  }

  private void later() {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
  }

  private static ByteString list() {
    return FakeAuthority.der(ROOT.revoking(FakeAuthority.FROM, FakeAuthority.TO)).getFirst();
  }

  private void write(String name, ByteString bytes) throws Exception {
    Files.write(folder.resolve(name), bytes.toByteArray());
  }
}
