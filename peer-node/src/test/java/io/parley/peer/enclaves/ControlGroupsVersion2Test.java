package io.parley.peer.enclaves;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

/**
 * Against a kernel that is made up by what its documentation says, not against version 2 itself.
 */
class ControlGroupsVersion2Test {
  private static final Path TOP = Path.of("/sys/fs/cgroup");
  private static final Path UNIT = TOP.resolve("parley.service");
  private static final long NODE = 100;
  private static final long BROKER = 101;
  private static final long STRANGER = 999;

  private final FakeKernelGroups kernel = new FakeKernelGroups(TOP, "cpu", "memory");

  private ControlGroups open(Path parent) {
    return ControlGroups.open(parent, ControlGroupVersion.V2, kernel, () -> List.of(NODE, BROKER));
  }

  private static Path own(int number) {
    return UNIT.resolve("parley-%d-%d".formatted(ProcessHandle.current().pid(), number));
  }

  @Test
  void aNodeAndItsBrokerMakeRoomForEnclaves() throws IOException {
    kernel.with(UNIT, NODE, BROKER);
    try (ControlGroups groups = open(UNIT)) {
      assertThat(groups.available()).isTrue();
      assertThat(kernel.processes(UNIT)).isEmpty();
      assertThat(kernel.processes(UNIT.resolve("node"))).containsExactly(NODE, BROKER);
      try (ControlGroup enclave = groups.create(1 << 30)) {
        Path folder = Objects.requireNonNull(enclave.folder());
        assertThat(folder.getParent()).isEqualTo(own(1));
        assertThat(kernel.written(folder.resolve("memory.max"))).isEqualTo("1073741824");
        assertThat(kernel.written(folder.resolve("memory.swap.max"))).isEqualTo("0");
        assertThat(enclave.prefix()).contains(folder.resolve("cgroup.procs").toString());
      }
    }
    assertThat(kernel.has(own(1))).isFalse();
  }

  @Test
  void whatIsStartedWhileTheOthersMoveIsMovedToo() throws IOException {
    kernel.with(UNIT, NODE, BROKER);
    ArrayDeque<List<Long>> seen = new ArrayDeque<>(List.of(List.of(NODE), List.of(NODE, BROKER)));
    try (ControlGroups groups =
        ControlGroups.open(
            UNIT,
            ControlGroupVersion.V2,
            kernel,
            () -> seen.size() > 1 ? seen.removeFirst() : seen.getFirst())) {
      assertThat(groups.available()).isTrue();
    }
  }

  @Test
  void aStrangerInTheGroupIsLeftAloneAndThereAreNone() throws IOException {
    kernel.with(UNIT, NODE, BROKER, STRANGER);
    try (ControlGroups groups = open(UNIT)) {
      assertThat(groups.available()).isFalse();
      assertThat(kernel.processes(UNIT)).containsExactly(STRANGER);
      assertThat(kernel.has(own(1))).isFalse();
      try (ControlGroup enclave = groups.create(1 << 30)) {
        assertThat(enclave.prefix()).isEmpty();
      }
    }
  }

  @Test
  void theTopmostGroupMayHoldProcesses() throws IOException {
    kernel.with(TOP, NODE, BROKER, STRANGER);
    try (ControlGroups groups = open(TOP)) {
      assertThat(groups.available()).isTrue();
      assertThat(kernel.processes(TOP)).containsExactly(NODE, BROKER, STRANGER);
    }
  }

  @Test
  void withoutTheMemoryControllerThereAreNone() throws IOException {
    FakeKernelGroups none = new FakeKernelGroups(TOP, "cpu").with(UNIT, NODE);
    try (ControlGroups groups =
        ControlGroups.open(UNIT, ControlGroupVersion.V2, none, () -> List.of(NODE))) {
      assertThat(groups.available()).isFalse();
    }
    assertThat(none.has(own(1))).isFalse();
  }

  @Test
  void aGroupThatMayNotBeWrittenGivesNone() throws IOException {
    kernel.with(UNIT, NODE).readOnly();
    try (ControlGroups groups = open(UNIT)) {
      assertThat(groups.available()).isFalse();
      assertThat(kernel.processes(UNIT)).containsExactly(NODE);
    }
  }

  @Test
  void whereSwapIsNotAccountedMemoryAloneIsLimited() throws IOException {
    kernel.with(UNIT, NODE).withoutSwap();
    try (ControlGroups groups = open(UNIT);
        ControlGroup enclave = groups.create(1 << 28)) {
      Path folder = Objects.requireNonNull(enclave.folder());
      assertThat(kernel.written(folder.resolve("memory.max"))).isEqualTo("268435456");
    }
  }

  @Test
  void closingKillsWhatIsLeftAndRemovesTheGroup() throws IOException {
    kernel.with(UNIT, NODE);
    try (ControlGroups groups = open(UNIT)) {
      ControlGroup enclave = groups.create(1 << 28);
      Path folder = Objects.requireNonNull(enclave.folder());
      kernel.write(folder.resolve("cgroup.procs"), "4194305");
      enclave.close();
      assertThat(kernel.has(folder)).isFalse();
    }
  }

  @Test
  void killedForMemoryIsTold() throws IOException {
    kernel.with(UNIT, NODE);
    try (ControlGroups groups = open(UNIT);
        ControlGroup enclave = groups.create(1 << 28)) {
      kernel.outOfMemory(Objects.requireNonNull(enclave.folder()));
      assertThat(enclave.limitReached()).isTrue();
    }
  }

  @Test
  void twoNodesOfOneProcessHaveGroupsOfTheirOwn() throws IOException {
    kernel.with(UNIT, NODE, BROKER);
    try (ControlGroups first = open(UNIT);
        ControlGroups second = open(UNIT)) {
      assertThat(first.available()).isTrue();
      assertThat(second.available()).isTrue();
      assertThat(kernel.has(own(1))).isTrue();
      assertThat(kernel.has(own(2))).isTrue();
    }
  }

  @Test
  void theOwnGroupIsReadFromTheLineOfVersion2() {
    assertThat(OwnGroup.in(List.of("0::/system.slice/parley.service")))
        .isEqualTo(TOP.resolve("system.slice/parley.service"));
    assertThat(OwnGroup.in(List.of("4:memory:/a", "0::/"))).isEqualTo(TOP);
    assertThat(OwnGroup.in(List.of("4:memory:/a"))).isEqualTo(TOP);
    // A group outside of this namespace: nothing of ours.
    assertThat(OwnGroup.in(List.of("0::/../../other"))).isEqualTo(TOP);
  }
}
