package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.wire.RefusedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ColumnTypeTest {
  @ParameterizedTest
  @EnumSource(ColumnType.Plain.class)
  void readsBackWhatItWrites(ColumnType.Plain type) {
    assertThat(ColumnType.parse(type.sql())).isEqualTo(type);
  }

  @Test
  void readsDecimalsInAnySpelling() {
    assertThat(ColumnType.parse(" decimal( 10 , 2 ) ")).isEqualTo(ColumnType.decimal(10, 2));
    assertThat(ColumnType.decimal(10, 2).sql()).isEqualTo("DECIMAL(10,2)");
    assertThat(ColumnType.parse("double")).isEqualTo(ColumnType.DOUBLE);
  }

  @ParameterizedTest
  @CsvSource({
    "INT, INTEGER",
    "string, VARCHAR",
    "BIGINTT, BIGINT",
    "numeric(3;1), 'DECIMAL(p,s)'",
    "datetime, TIMESTAMP",
    "VARCHAR(20), VARCHAR"
  })
  void suggestsWhatMayBeMeant(String came, String meant) {
    assertThatThrownBy(() -> ColumnType.parse(came))
        .isInstanceOf(RefusedException.class)
        .hasMessageContaining("did you mean '%s'?".formatted(meant));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "DECIMAL(0,0)",
        "DECIMAL(39,0)",
        "DECIMAL(2,3)",
        "DECIMAL(10)",
        "DECIMAL(999,1)",
        "BLOB",
        "STRUCT(a INT)"
      })
  void refusesEverythingElse(String text) {
    assertThatThrownBy(() -> ColumnType.parse(text)).isInstanceOf(RefusedException.class);
  }
}
