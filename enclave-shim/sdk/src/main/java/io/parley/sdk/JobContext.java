package io.parley.sdk;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/**
 * One job, as the app sees it.
 *
 * <p>The contract underneath, for programs in other languages: the working folder is the app's;
 * {@code /in/DATASET.arrow} are Arrow IPC files; {@code /in/params.json} is
 *
 * <pre>{@code
 * {"parameters": {"query": "SELECT ..."},         name -> value, always text
 *  "types": {"since": "DATE"},                    of parameters that are no texts; may be missing
 *  "datasets": {"customers": {}, "orders": {}},   the files that are there
 *  "results": ["summary"],                        the names to write, in the agreement's order
 *  "memory_bytes": 1073741824,                    what the app may use in all, 0 when not limited
 *  "threads": 2}                                  processors to use, 0 when not limited
 * }</pre>
 *
 * <p>results go to {@code /out/RESULT.arrow}, {@code .json} or {@code .csv}, one file each;
 * progress lines go to descriptor 3 as {@code {"done":1,"total":2,"message":"..."}}; a failure is
 * told in {@code /out/error.json} as {@code
 * {"reason":"UPPER_SNAKE","message":"...","metadata":{}}}, and by an exit code that is not 0.
 *
 * <p>Made by {@link AppMain}. Not safe for use by several threads, except {@link #progress}.
 */
public final class JobContext implements AutoCloseable {
  private static final long MAX_PARAMS_BYTES = 4 << 20;

  private final JsonNode params;
  private final Map<String, String> parameters;
  private final Map<String, String> types;
  private final SequencedMap<String, Dataset> datasets;
  private final List<String> results;
  private final long memoryBytes;
  private final int threads;
  private final Path out;
  private final Progress progress;
  private final BufferAllocator allocator;
  private final Map<String, ResultWriter> written = new TreeMap<>();

  private JobContext(JsonNode params, Path in, Path out, Progress progress) {
    this.params = params;
    this.allocator = new RootAllocator();
    this.parameters = Collections.unmodifiableMap(texts(params.path("parameters")));
    this.types = Collections.unmodifiableMap(texts(params.path("types")));
    this.datasets = new LinkedHashMap<>();
    params
        .path("datasets")
        .fieldNames()
        .forEachRemaining(
            name -> datasets.put(name, new Dataset(name, in.resolve(name + ".arrow"), allocator)));
    this.results = names(params.path("results"));
    this.memoryBytes = params.path("memory_bytes").asLong(0);
    this.threads = params.path("threads").asInt(0);
    this.out = out;
    this.progress = progress;
  }

  static JobContext open(Path in, Path out, Progress progress) {
    Path file = in.resolve("params.json");
    try {
      if (Files.size(file) > MAX_PARAMS_BYTES) {
        throw new AppException(
            "INVALID_PARAMETER",
            "params.json is larger than %d bytes".formatted(MAX_PARAMS_BYTES),
            Map.of("limit_bytes", Long.toString(MAX_PARAMS_BYTES)));
      }
      return new JobContext(Json.parse(Files.readAllBytes(file)), in, out, progress);
    } catch (JacksonException e) {
      throw new AppException("INVALID_PARAMETER", "params.json is not JSON");
    } catch (IOException e) {
      throw new AppException("INVALID_PARAMETER", "params.json cannot be read");
    }
  }

  /** The datasets of the job, by name. */
  public Collection<Dataset> datasets() {
    return Collections.unmodifiableCollection(datasets.values());
  }

  /**
   * The dataset of this name.
   *
   * @throws AppException DATASET_NOT_FOUND when the job has none of this name
   */
  public Dataset dataset(String name) {
    Dataset dataset = datasets.get(name);
    if (dataset == null) {
      throw new AppException(
          "DATASET_NOT_FOUND",
          "the job has no dataset '%s'; it has %s".formatted(name, datasets.keySet()),
          Map.of("dataset", name));
    }
    return dataset;
  }

  /** All parameters, name to value, in the order of the names. */
  public Map<String, String> parameters() {
    return parameters;
  }

  /**
   * The types that the agreement gives to parameters, such as {@code DECIMAL(10,2)}, by name; those
   * that are missing are texts. Each value is one of its type already.
   */
  public Map<String, String> parameterTypes() {
    return types;
  }

  /**
   * A parameter that must be there.
   *
   * @throws AppException INVALID_PARAMETER when it is not
   */
  public String parameter(String name) {
    return optionalParameter(name)
        .orElseThrow(() ->
            new AppException(
                "INVALID_PARAMETER",
                "parameter '%s' is missing; name it under params in the agreement".formatted(name),
                Map.of("parameter", name)));
  }

  /** A parameter that may be there. */
  public Optional<String> optionalParameter(String name) {
    return Optional.ofNullable(parameters.get(name));
  }

  /**
   * Datasets of which the app must tell whose rows are in its groups, in {@code
   * /out/identities.bin} (deploy/docs/apps.md), sorted; mostly none.
   */
  public List<String> identities() {
    return names(params.path("identities")).stream().sorted().toList();
  }

  /** The folder of results, for files beside them that the contract names. */
  public Path out() {
    return out;
  }

  /** The names of the results that the agreement asks for, in its order. */
  public List<String> results() {
    return results;
  }

  /**
   * The writer of a result; the same one each time.
   *
   * @throws AppException RESULT_NOT_FOUND when the agreement does not ask for it
   */
  public ResultWriter result(String name) {
    if (!results.contains(name)) {
      throw new AppException(
          "RESULT_NOT_FOUND",
          "the agreement names no result '%s'; it names %s".formatted(name, results),
          Map.of("result", name));
    }
    return written.computeIfAbsent(name, n -> new ResultWriter(n, out, allocator));
  }

  /**
   * Says how far the app is. Never a value from a dataset: this leaves the enclave.
   *
   * @param total 0 when unknown
   */
  public void progress(long done, long total, String message) {
    progress.report(done, total, message);
  }

  /**
   * All of {@code params.json}, with the conditions of the agreement: for apps that enforce them,
   * which say so in their app.yaml. A copy.
   */
  public JsonNode params() {
    return params.deepCopy();
  }

  /** What the app may use in all, heap and native memory; 0 when not limited. */
  public long memoryBytes() {
    return memoryBytes;
  }

  /** How many processors to use, at least 1. */
  public int threads() {
    return threads > 0 ? threads : Runtime.getRuntime().availableProcessors();
  }

  /** For Arrow vectors of the app's own; close them before the app returns. */
  public BufferAllocator allocator() {
    return allocator;
  }

  void checkResultsWritten() {
    for (String name : results) {
      ResultWriter writer = written.get(name);
      if (writer == null || !writer.isWritten()) {
        throw new AppException(
            "RESULT_MISSING",
            "the app wrote no result '%s', which the agreement names".formatted(name),
            Map.of("result", name));
      }
    }
  }

  /** Frees what is left; the process ends next, so vectors that an app forgot are no failure. */
  @Override
  public void close() {
    try {
      allocator.close();
    } catch (IllegalStateException e) {
      return;
    }
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> texts = new TreeMap<>();
    object.properties().forEach(entry -> texts.put(entry.getKey(), entry.getValue().asText()));
    return texts;
  }

  private static List<String> names(JsonNode array) {
    List<String> names = new ArrayList<>();
    array.forEach(name -> names.add(name.asText()));
    return List.copyOf(names);
  }
}
