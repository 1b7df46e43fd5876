package io.parley.shim.compute;

import static org.assertj.core.api.Assertions.assertThat;

import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.Queries;
import io.parley.agreement.ResultRule;
import io.parley.agreement.Rounding;
import io.parley.agreement.Shape;
import io.parley.agreement.Usage;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AppInputTest {
  private static final List<Column> COLUMNS =
      List.of(
          new Column("patient", ColumnType.BIGINT, false),
          new Column("ward", ColumnType.VARCHAR, true));

  @Test
  void anAppIsToldTheConditionsOfTheAgreement() {
    Usage usage =
        new Usage(
            List.of("patient"),
            List.of("ward"),
            new TreeMap<>(Map.of("*", List.of("count"))),
            List.of(),
            List.of(),
            "patient");
    Shape shape =
        new Shape(10, new TreeMap<>(Map.of("*", Rounding.parse("0.50"))), List.of(COLUMNS.get(1)));
    AppInput input =
        new AppInput(
            new TreeMap<>(Map.of("query", "SELECT", "since", "2026-01-01")),
            new TreeMap<>(Map.of("since", ColumnType.DATE)),
            List.of(
                AppInput.Table.of(new Dataset("admissions", "hospital", COLUMNS, List.of(), usage)),
                AppInput.Table.of(
                    new Dataset("plain", "insurer", COLUMNS.subList(0, 1), List.of())),
                new AppInput.Table("step", null),
                new AppInput.Table("typed", null, COLUMNS.subList(1, 2))),
            List.of(AppInput.Wanted.of(new ResultRule("summary", List.of("hospital"), 3, shape))),
            Queries.WITHIN_RULES,
            List.of("admissions"),
            7,
            2);

    assertThat(input.json())
        .isEqualTo(
            """
            {"parameters":{"query":"SELECT","since":"2026-01-01"},
            "types":{"since":"DATE"},
            "datasets":{"admissions":{"owner":"hospital","columns":[
            {"name":"patient","type":"BIGINT","nullable":false},
            {"name":"ward","type":"VARCHAR","nullable":true}],
            "identity":"patient","usage":{"join":["patient"],"group":["ward"],
            "aggregate":{"*":["count"]},"filter":[],"list":[]}},
            "plain":{"owner":"insurer","columns":[
            {"name":"patient","type":"BIGINT","nullable":false}]},
            "step":{},
            "typed":{"columns":[{"name":"ward","type":"VARCHAR","nullable":true}]}},
            "results":["summary"],"queries":"within_rules",
            "rules":{"summary":{"min_group":10,"rounding":{"*":"0.5"},
            "schema":[{"name":"ward","type":"VARCHAR","nullable":true}]}},
            "identities":["admissions"],"memory_bytes":7,"threads":2}
            """
                .replace("\n", ""));
  }
}
