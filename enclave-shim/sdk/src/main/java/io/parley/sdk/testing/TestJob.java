package io.parley.sdk.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.parley.sdk.App;
import io.parley.sdk.AppMain;
import io.parley.sdk.ArrowFiles;
import io.parley.sdk.JobContext;
import io.parley.sdk.Progress;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.arrow.vector.types.pojo.Schema;
import org.jspecify.annotations.Nullable;

/**
 * A job for a unit test: lays out {@code in/} and {@code out/} in a folder, runs the app in this
 * process, and gives what came out.
 *
 * <p>It shows what an app does with data. It shows nothing about isolation: for that there is
 * {@code parley try}.
 */
public final class TestJob {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Path in;
  private final Path out;
  private final Map<String, String> parameters = new TreeMap<>();
  private final Map<String, String> types = new TreeMap<>();
  private final Map<String, Object> datasets = new TreeMap<>();
  private List<String> results = List.of("result");
  private final Map<String, Object> rules = new TreeMap<>();
  private String queries = "fixed";
  private List<String> identities = List.of();
  private long memoryBytes;

  private TestJob(Path folder) throws IOException {
    in = Files.createDirectories(folder.resolve("in"));
    out = Files.createDirectories(folder.resolve("out"));
  }

  /** A job whose files live in this folder; its one result is called {@code result}. */
  public static TestJob in(Path folder) throws IOException {
    return new TestJob(folder);
  }

  public TestJob parameter(String name, String value) {
    parameters.put(name, value);
    return this;
  }

  /** A parameter to which the agreement gives a type. */
  public TestJob parameter(String name, String type, String value) {
    types.put(name, type);
    return parameter(name, value);
  }

  public TestJob results(String... names) {
    results = List.of(names);
    return this;
  }

  /** What the agreement says about a dataset that is there: owner, columns, identity, usage. */
  public TestJob conditions(String dataset, Map<String, Object> conditions) {
    datasets.put(dataset, Map.copyOf(conditions));
    return this;
  }

  /** What the agreement says about a result, such as {@code min_group}. */
  public TestJob rules(String result, Map<String, Object> conditions) {
    rules.put(result, Map.copyOf(conditions));
    return this;
  }

  /** {@code fixed}, which it is without this, or {@code within_rules}. */
  public TestJob queries(String who) {
    queries = who;
    return this;
  }

  /** Datasets of which the app must tell whose rows are in its groups. */
  public TestJob identities(String... of) {
    identities = List.of(of);
    return this;
  }

  public TestJob memoryBytes(long bytes) {
    memoryBytes = bytes;
    return this;
  }

  /** A dataset with these rows; a row is an array with one value or null per column. */
  public TestJob dataset(String name, Schema schema, List<@Nullable Object[]> rows)
      throws IOException {
    ArrowFiles.write(in.resolve(name + ".arrow"), schema, rows);
    datasets.put(name, Map.of());
    return this;
  }

  /** A dataset from an Arrow IPC file, copied. */
  public TestJob dataset(String name, Path arrowFile) throws IOException {
    Files.copy(arrowFile, in.resolve(name + ".arrow"));
    datasets.put(name, Map.of());
    return this;
  }

  /** Runs the app as {@link AppMain} does. */
  public Outcome run(App app) throws IOException {
    Map<String, Object> params = new LinkedHashMap<>();
    params.put("parameters", parameters);
    if (!types.isEmpty()) {
      params.put("types", types);
    }
    params.put("datasets", datasets);
    params.put("results", results);
    params.put("queries", queries);
    params.put("rules", rules);
    params.put("identities", identities);
    params.put("memory_bytes", memoryBytes);
    params.put("threads", 2);
    Files.write(in.resolve("params.json"), JSON.writeValueAsBytes(params));
    ByteArrayOutputStream lines = new ByteArrayOutputStream();
    int code = AppMain.run(in, out, Progress.to(lines), app);
    return new Outcome(code, out, lines.toString(StandardCharsets.UTF_8).lines().toList());
  }

  /**
   * What an app left behind. See {@link JobContext} for the files.
   *
   * @param exitCode 0 when it ended well
   * @param folder {@code out/}
   * @param progress the lines on descriptor 3
   */
  public record Outcome(int exitCode, Path folder, List<String> progress) {
    public Outcome {
      progress = List.copyOf(progress);
    }

    /** The rows of an Arrow result. */
    public List<@Nullable Object[]> rows(String result) throws IOException {
      return ArrowFiles.rows(folder.resolve(result + ".arrow"));
    }

    /** Column names and types of an Arrow result. */
    public Schema schema(String result) throws IOException {
      return ArrowFiles.schema(folder.resolve(result + ".arrow"));
    }

    /** A JSON result. */
    public JsonNode json(String result) throws IOException {
      return JSON.readTree(Files.readAllBytes(folder.resolve(result + ".json")));
    }

    /** What the app said about its failure. */
    public JsonNode error() throws IOException {
      return JSON.readTree(Files.readAllBytes(folder.resolve("error.json")));
    }
  }
}
