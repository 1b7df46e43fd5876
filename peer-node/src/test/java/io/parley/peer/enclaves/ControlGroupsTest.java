package io.parley.peer.enclaves;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** On plain folders; what the kernel does with them is in {@link BwrapLauncherTest}. */
class ControlGroupsTest {
  @TempDir Path parent;

  @Test
  void folderThatIsNoControlGroupGivesNone() throws IOException {
    try (ControlGroups groups = open(ControlGroupVersion.V1)) {
      assertThat(groups.available()).isFalse();
      try (ControlGroup group = groups.create(1 << 30)) {
        assertThat(group.prefix()).isEmpty();
        assertThat(group.limitReached()).isFalse();
      }
    }
    assertThat(children()).isEmpty();
  }

  @Test
  void folderOfASecondVersionThatIsNotDelegatedGivesNone() {
    try (ControlGroups groups = open(ControlGroupVersion.V2)) {
      assertThat(groups.available()).isFalse();
    }
  }

  @Test
  void groupsOfDeadProcessesAreSweptAndOthersStay() throws IOException {
    long nobody = 4_194_305; // one more than any pid
    Path dead = Files.createDirectories(parent.resolve("parley-" + nobody + "-1/enclave-1"));
    Path alive =
        Files.createDirectories(
            parent.resolve("parley-" + ProcessHandle.current().pid() + "-1/enclave-1"));
    Path other = Files.createDirectories(parent.resolve("other-1-1"));
    open(ControlGroupVersion.V1).close();
    assertThat(dead.getParent()).doesNotExist();
    assertThat(alive).exists();
    assertThat(other).exists();
  }

  @Test
  void killedForMemoryIsReadFromTheEventsOfBothVersions() throws IOException {
    ControlGroup first = new ControlGroup(parent, ControlGroupVersion.V1, GroupFiles.KERNEL);
    Files.writeString(
        parent.resolve("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 0\n");
    assertThat(first.limitReached()).isFalse();
    Files.writeString(
        parent.resolve("memory.oom_control"), "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    assertThat(first.limitReached()).isTrue();
    ControlGroup second = new ControlGroup(parent, ControlGroupVersion.V2, GroupFiles.KERNEL);
    Files.writeString(
        parent.resolve("memory.events"),
        "low 0\nhigh 0\nmax 9\noom 1\noom_kill 1\noom_group_kill 0\n");
    assertThat(second.limitReached()).isTrue();
  }

  private ControlGroups open(ControlGroupVersion version) {
    return ControlGroups.open(parent, version, GroupFiles.KERNEL, List::of);
  }

  private Stream<Path> children() throws IOException {
    try (Stream<Path> children = Files.list(parent)) {
      return children.toList().stream();
    }
  }
}
