package io.parley.peer.jobs;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JobSlotsTest {
  @ParameterizedTest
  @CsvSource({"1, 1", "2, 1", "3, 2", "4, 2", "1000, 500"})
  void anotherPartyGetsHalfRoundedUp(int max, int share) {
    JobSlots slots = new JobSlots("home", max);
    take(slots, "other", share);
    assertFull(slots, "other");
    take(slots, "third", max - share);
    assertFull(slots, "third");
    assertFull(slots, "home");
  }

  @Test
  void theOwnPartyMayTakeAll() {
    JobSlots slots = new JobSlots("home", 4);
    take(slots, "home", 4);
    assertFull(slots, "home");
    assertFull(slots, "other");
  }

  @Test
  void whatIsReleasedCanBeTakenByAnyone() {
    JobSlots slots = new JobSlots("home", 2);
    take(slots, "other", 1);
    slots.release("other");
    take(slots, "home", 1);
    take(slots, "other", 1);
    slots.release("home");
    assertFull(slots, "other");
    take(slots, "third", 1);
  }

  private static void take(JobSlots slots, String submitter, int count) {
    for (int i = 0; i < count; i++) {
      slots.take(submitter);
    }
  }

  private static void assertFull(JobSlots slots, String submitter) {
    assertThatThrownBy(() -> slots.take(submitter))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> org.assertj.core.api.Assertions.assertThat(e.reason()).isEqualTo(Reason.TOO_MANY));
  }
}
