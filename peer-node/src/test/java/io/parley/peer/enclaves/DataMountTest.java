package io.parley.peer.enclaves;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.peer.machine.RunAs;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DataMountTest {
  private static final RunAs USER = RunAs.current(RunAs.DEFAULT_UID);
  private static final Path POINT = Path.of("/run/point");

  @TempDir Path folder;

  @Test
  void withoutLargePagesBwrapMountsIt() {
    DataMount small = new DataMount(false);
    assertThat(small.prefix(POINT, 4096)).isEmpty();
    assertThat(small.arguments(POINT, 4096, "/job"))
        .containsExactly("--size", "4096", "--tmpfs", "/job");
  }

  @Test
  void withLargePagesBwrapBindsWhatWasMounted() {
    DataMount large = new DataMount(true);
    assertThat(large.prefix(POINT, 4096))
        .contains("huge=within_size,size=4096,mode=0755,nosuid,nodev", POINT.toString());
    assertThat(large.arguments(POINT, 4096, "/job"))
        .containsExactly("--bind", "/run/point", "/job");
  }

  @Test
  void whatCannotBeMountedIsNotUsed() {
    assertThat(DataMount.probe(USER, folder.resolve("absent")).largePages()).isFalse();
  }

  @Test
  void aProbeLeavesNoMount() throws IOException {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx--x--x"));
    DataMount unused = DataMount.probe(USER, folder);
    assertThat(Files.readString(Path.of("/proc/self/mountinfo"))).doesNotContain(folder.toString());
  }
}
