package io.parley.shim.exchange;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemoryBudgetTest {
  private static final long SHIM = 100;
  private static final long LIMIT = SHIM + MemoryBudget.APP_BYTES_MIN + 1000;

  @Test
  void inputsTakeFromWhatTheAppHas() {
    MemoryBudget budget = new MemoryBudget(LIMIT, SHIM);
    assertThat(budget.appBytes()).isEqualTo(MemoryBudget.APP_BYTES_MIN + 1000);

    budget.take("a", 300);
    budget.take("b", 700);

    assertThat(budget.appBytes()).isEqualTo(MemoryBudget.APP_BYTES_MIN);
    assertThat(budget.limitBytes()).isEqualTo(LIMIT);
  }

  @Test
  void oneByteTooMuchIsRefusedWithNeedAndLimitAndTakesNothing() {
    MemoryBudget budget = new MemoryBudget(LIMIT, SHIM);
    budget.take("a", 300);

    assertThatThrownBy(() -> budget.take("b", 701))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> {
              assertThat(e.reason()).isEqualTo(Reason.MEMORY_LIMIT);
              assertThat(e.metadata())
                  .containsEntry("need_bytes", Long.toString(LIMIT + 1))
                  .containsEntry("limit_bytes", Long.toString(LIMIT));
            })
        .hasMessageContaining("'b'");
    budget.take("b", 700);
  }

  @ParameterizedTest
  @ValueSource(longs = {Long.MAX_VALUE, Long.MAX_VALUE - 1, Long.MAX_VALUE / 2})
  void whateverAPeerAnnouncesTheSumDoesNotTurnAround(long bytes) {
    MemoryBudget budget = new MemoryBudget(LIMIT, SHIM);
    budget.take("a", 300);

    assertThatThrownBy(() -> budget.take("b", bytes))
        .isInstanceOfSatisfying(
            RefusedException.class,
            e -> assertThat(Long.parseLong(e.metadata().get("need_bytes"))).isGreaterThan(LIMIT));
  }

  @ParameterizedTest
  @ValueSource(longs = {0, -1, Long.MIN_VALUE, Long.MIN_VALUE + 200, 99, 100})
  void anEnclaveTooSmallForAnyAppIsRefusedAtOnce(long limit) {
    assertThatThrownBy(() -> new MemoryBudget(limit, SHIM))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.MEMORY_LIMIT));
  }
}
