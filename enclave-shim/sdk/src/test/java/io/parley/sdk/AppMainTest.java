package io.parley.sdk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.parley.sdk.testing.TestJob;
import io.parley.sdk.testing.TestJob.Outcome;
import java.io.IOException;
import java.io.OutputStream;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AppMainTest {
  @TempDir Path folder;
  private TestJob job;

  @BeforeEach
  void layOut() throws IOException {
    job = TestJob.in(folder);
  }

  @Test
  void everyColumnTypeAndNullsComeBackAsTheyWent() throws IOException {
    Schema schema =
        Fields.schema(
            Fields.bool("b"),
            Fields.tinyint("t"),
            Fields.smallint("s"),
            Fields.integer("i"),
            Fields.bigint("l"),
            Fields.float4("f"),
            Fields.float8("d"),
            Fields.decimal("n", 38, 4),
            Fields.varchar("v"),
            Fields.date("day"),
            Fields.timestamp("at"));
    @Nullable Object[] full = {
      true,
      (byte) -128,
      (short) 32767,
      Integer.MIN_VALUE,
      Long.MAX_VALUE,
      1.5f,
      -0.1,
      new BigDecimal("-1234567890123456789012345678901234.5678"),
      "Zoë 漢字 🦉 'quoted'",
      LocalDate.of(1, 1, 1),
      LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_000)
    };
    @Nullable Object[] empty = new @Nullable Object[full.length];

    Outcome outcome =
        job.dataset("all", schema, List.of(full, empty, full))
            .run(context -> {
              try (TableResult table = context.result("result").table(schema)) {
                List<String> names = schema.getFields().stream().map(f -> f.getName()).toList();
                List<@Nullable Object[]> rows = new ArrayList<>();
                context
                    .dataset("all")
                    .forEachRow(row -> rows.add(names.stream().map(row::get).toArray()));
                for (@Nullable Object[] row : rows) {
                  table.add(row);
                }
              }
            });

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.schema("result")).isEqualTo(schema);
    assertThat(outcome.rows("result")).containsExactly(full, empty, full);
  }

  @Test
  void manyBatchesKeepTheirOrder() throws IOException {
    Schema schema = Fields.schema(Fields.bigint("id"));
    List<@Nullable Object[]> rows = new ArrayList<>();
    for (long i = 0; i < 200_000; i++) {
      rows.add(new @Nullable Object[] {i});
    }
    long[] next = {0};

    Outcome outcome =
        job.dataset("ids", schema, rows)
            .run(context -> {
              context
                  .dataset("ids")
                  .forEachRow(row -> assertThat(row.getLong("id")).isEqualTo(next[0]++));
              context.result("result").json(Map.of("rows", next[0]));
            });

    assertThat(outcome.exitCode()).isZero();
    assertThat(outcome.json("result").get("rows").asLong()).isEqualTo(200_000);
  }

  @Test
  void appExceptionBecomesReasonMessageAndMetadata() throws IOException {
    Outcome outcome =
        job.run(context -> {
          throw new AppException("INVALID_QUERY", "no such table", Map.of("table", "t"));
        });

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().toString())
        .isEqualTo(
            "{\"message\":\"no such table\",\"metadata\":{\"table\":\"t\"},\"reason\":\"INVALID_QUERY\"}");
  }

  @Test
  void messageOfAnyOtherExceptionIsKeptBack() throws IOException {
    Outcome outcome =
        job.run(context -> {
          throw new IllegalStateException("patient 4711 has gout");
        });

    assertThat(outcome.exitCode()).isEqualTo(1);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("APP_FAILED");
    assertThat(outcome.error().toString())
        .contains("java.lang.IllegalStateException", "AppMainTest")
        .doesNotContain("4711");
  }

  @Test
  void outOfMemoryIsMemoryLimit() throws IOException {
    Outcome outcome =
        job.run(context -> {
          throw new OutOfMemoryError("Java heap space");
        });

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("MEMORY_LIMIT");
    assertThat(outcome.error().get("metadata").get("limit_bytes").asLong()).isPositive();
  }

  @Test
  void resultThatWasNotWrittenFails() throws IOException {
    Outcome outcome = job.results("a", "b").run(context -> context.result("a").json(List.of(1, 2)));

    assertThat(outcome.exitCode()).isEqualTo(2);
    assertThat(outcome.error().get("reason").asText()).isEqualTo("RESULT_MISSING");
    assertThat(outcome.error().get("metadata").get("result").asText()).isEqualTo("b");
  }

  @Test
  void resultThatNobodyAskedForFails() throws IOException {
    Outcome outcome = job.run(context -> context.result("other").json(1));

    assertThat(outcome.error().get("reason").asText()).isEqualTo("RESULT_NOT_FOUND");
    assertThat(folder.resolve("out/other.json")).doesNotExist();
  }

  @Test
  void resultIsWrittenOnce() throws IOException {
    Outcome outcome =
        job.run(context -> {
          context.result("result").json(1);
          context.result("result").json(2);
        });

    assertThat(outcome.error().get("reason").asText()).isEqualTo("RESULT_WRITTEN_TWICE");
  }

  @Test
  void parametersAreTextsAndTheirTypesAreTold() throws IOException {
    job.parameter("ward", "A").parameter("since", "DATE", "2026-01-01");

    Outcome outcome =
        job.run(context ->
            context
                .result("result")
                .json(List.of(context.parameter("since"), context.parameterTypes())));

    assertThat(outcome.json("result").toString())
        .isEqualTo("[\"2026-01-01\",{\"since\":\"DATE\"}]");
  }

  @Test
  void missingDatasetParameterAndColumnAreNamed() throws IOException {
    job.dataset("d", Fields.schema(Fields.bigint("id")), List.<@Nullable Object[]>of(row(1L)));

    assertThat(reasonOf(context -> context.dataset("e"))).isEqualTo("DATASET_NOT_FOUND");
    assertThat(reasonOf(context -> context.parameter("p"))).isEqualTo("INVALID_PARAMETER");
    assertThat(reasonOf(context -> context.dataset("d").forEachRow(row -> row.getLong("x"))))
        .isEqualTo("COLUMN_NOT_FOUND");
    assertThat(reasonOf(context -> context.dataset("d").forEachRow(row -> row.getText("id"))))
        .isEqualTo("WRONG_TYPE");
  }

  @Test
  void brokenDatasetFilesAreRefused() throws IOException {
    Schema schema = Fields.schema(Fields.varchar("v"));
    Path good = folder.resolve("good.arrow");
    ArrowFiles.write(good, schema, List.<@Nullable Object[]>of(row("a"), row("b")));
    byte[] bytes = Files.readAllBytes(good);
    for (int length : new int[] {0, 1, 6, 100, bytes.length - 1}) {
      Path cut = folder.resolve("cut" + length + ".arrow");
      Files.write(cut, java.util.Arrays.copyOf(bytes, length));
      TestJob one = TestJob.in(folder.resolve("job" + length)).dataset("cut", cut);

      Outcome outcome = one.run(context -> context.dataset("cut").forEachRow(row -> {}));

      assertThat(outcome.exitCode()).as("length %d", length).isNotZero();
    }
  }

  @Test
  void progressIsOneLineOfJsonEach() throws IOException {
    Outcome outcome =
        job.run(context -> {
          context.progress(1, 2, "read \"orders\"\n");
          context.progress(2, 2, "x".repeat(10_000));
          context.result("result").json(1);
        });

    assertThat(outcome.progress())
        .hasSize(2)
        .first()
        .isEqualTo("{\"done\":1,\"message\":\"read \\\"orders\\\"\\n\",\"total\":2}");
    assertThat(outcome.progress().get(1)).hasSizeLessThan(300);
  }

  @Test
  void progressThatNobodyReadsIsNoFailure() throws IOException {
    Path in = Files.createDirectories(folder.resolve("in"));
    Files.writeString(in.resolve("params.json"), "{\"results\":[\"r\"]}");
    OutputStream broken =
        new OutputStream() {
          @Override
          public void write(int b) throws IOException {
            throw new IOException("broken pipe");
          }
        };

    int code =
        AppMain.run(
            in,
            folder.resolve("out"),
            Progress.to(broken),
            context -> {
              context.progress(1, 1, "x");
              context.result("r").json(1);
            });

    assertThat(code).isZero();
  }

  @Test
  void parametersThatAreNoJsonAreRefused() throws IOException {
    for (String text : List.of("", "{", "{\"a\":1,\"a\":2}", "{} {}")) {
      Path in = Files.createDirectories(folder.resolve("in"));
      Files.write(in.resolve("params.json"), text.getBytes(StandardCharsets.UTF_8));

      int code = AppMain.run(in, folder.resolve("out"), Progress.none(), context -> {});

      assertThat(code).as(text).isEqualTo(text.isEmpty() ? code : 2);
    }
  }

  @Test
  void reasonMustBeStable() {
    assertThatThrownBy(() -> new AppException("not good", "x"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  private String reasonOf(App app) throws IOException {
    Outcome outcome = job.run(app);
    assertThat(outcome.exitCode()).isEqualTo(2);
    return outcome.error().get("reason").asText();
  }

  private static @Nullable Object[] row(@Nullable Object... values) {
    return values;
  }
}
