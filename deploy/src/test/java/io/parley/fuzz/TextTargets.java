package io.parley.fuzz;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementYaml;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.broker.config.BrokerYaml;
import io.parley.evidence.Manifest;
import io.parley.identity.Membership;
import io.parley.peer.apps.PeerAppYaml;
import io.parley.peer.config.NodeConfigFile;
import io.parley.shim.json.JsonReader;
import io.parley.shim.json.JsonToken;
import io.parley.shim.measure.ShimAppYaml;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Stream;

/** What people write: YAML, manifests, and the JSON that apps put out. */
final class TextTargets {
  private static final String AGREEMENT =
      """
      agreement: orders-by-segment
      parties: [shop, payments]
      app: sql
      datasets:
        customers:
          owner: shop
          columns: {custkey: BIGINT, acctbal: "DECIMAL(12,2)"}
          released_to: [payments]
        orders: {owner: payments, columns: {custkey: BIGINT NOT NULL, orderdate: DATE}}
      compute: [payments]
      results:
        summary: {recipients: [shop, payments], max_rows: 1000}
      params:
        query:
          value: |
            SELECT count(*)
            FROM orders
        since: {type: DATE}
      environment:
        evidence: [simulated]
        tests: {network: denied}
        hpke: x25519
      window: {not_before: 2027-01-01, jobs_per_day: 5}
      changes: unanimous
      expires: 2030-12-31
      max_jobs: 1000
      """;
  private static final String NODE =
      """
      party: shop
      listen: 127.0.0.1:7700
      data: {mode: handed, listen: "127.0.0.1:0"}
      broker: embedded
      """;
  private static final String BROKER =
      """
      listen: 127.0.0.1:0
      membership: consortium
      evidence: [simulated]
      challenge_valid: 60s
      """;
  private static final List<String> POLICIES =
      Stream.of(
              """
              kind: sev-snp
              families: [genoa]
              measurements: [HASH]
              minimum_tcb: {bootloader: 4, tee: 1, snp: 20, microcode: 209}
              """,
              """
              kind: sev-snp
              families: [milan, turin]
              measurements: [HASH]
              minimum_tcb:
                milan: {bootloader: 3, tee: 0, snp: 8, microcode: 115}
                turin: {fmc: 1, bootloader: 1, tee: 0, snp: 2, microcode: 17}
              vmpl: [0, 1]
              """,
              """
              kind: tdx
              mr_td: [HASH]
              rtmrs: {0: HASH, 1: HASH, 2: HASH, 3: HASH}
              minimum_tcb_evaluation: 17
              tcb_status: [UpToDate, SWHardeningNeeded]
              advisories: [INTEL-SA-00615]
              """,
              """
              kind: nitro
              pcrs: {0: HASH, 1: HASH, 2: HASH}
              """)
          .map(text -> text.replace("HASH", "ab".repeat(48)))
          .toList();
  private static final String APP =
      """
      # An app.
      name: rows
      version: "1.0"
      command: [java, -cp, "a b.jar", 'x']
      """;
  private static final String JSON =
      "{\"rows\":[{\"a\":1.5e-3,\"b\":null},[true,false,\"\\u00e4\\n\\ud83d\\ude00\"]],\"\":-0}";

  private TextTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    Map<String, Function<Path, FuzzTarget>> all = new HashMap<>();
    all.put("agreement-yaml", scratch -> agreement());
    all.put("node-yaml", scratch -> text(NODE, text -> NodeConfigFile.parse(text, "parley.yaml")));
    all.put("broker-yaml", scratch -> file(scratch, BROKER, BrokerYaml::load));
    all.put(
        "policy-yaml", scratch -> text(POLICIES, text -> PlatformYaml.parse(text, "policy.yaml")));
    all.put("app-yaml", TextTargets::app);
    all.put("manifest", scratch -> manifest());
    all.put("json", scratch -> json());
    return all;
  }

  private static FuzzTarget text(String seed, Consumer<String> parser) {
    return text(List.of(seed), parser);
  }

  private static FuzzTarget text(List<String> seeds, Consumer<String> parser) {
    return new FuzzTarget(
        seeds.stream().map(seed -> seed.getBytes(UTF_8)).toList(),
        bytes -> {
          parser.accept(new String(bytes, UTF_8));
          return true;
        });
  }

  private static FuzzTarget file(Path scratch, String seed, Consumer<Path> parser) {
    Path file = scratch.resolve("input.yaml");
    return new FuzzTarget(
        List.of(seed.getBytes(UTF_8)),
        bytes -> {
          Files.write(file, bytes);
          parser.accept(file);
          return true;
        });
  }

  /** What was drafted comes back when it is written as text and read again. */
  private static FuzzTarget agreement() {
    Membership membership = new FuzzSamples().membership;
    Function<String, Agreement> read =
        text ->
            AgreementYaml.parse(text, "agreement.yaml")
                .resolve(membership, app -> FuzzSamples.APP, () -> FuzzSamples.SHIM);
    return text(
        AGREEMENT,
        text -> {
          Agreement agreement = read.apply(text);
          String written = AgreementYaml.write(agreement);
          Agreement again;
          try {
            again = read.apply(written);
          } catch (RefusedException e) {
            throw new AssertionError("not read again:\n" + written, e);
          }
          if (!again.equals(agreement)) {
            throw new AssertionError("read again as another agreement:\n" + written);
          }
        });
  }

  /** The node shows a command, the enclave runs one: where both take the file, it is the same. */
  private static FuzzTarget app(Path scratch) {
    return new FuzzTarget(
        List.of(APP.getBytes(UTF_8)),
        bytes -> {
          List<String> runs = ShimAppYaml.command(new String(bytes, UTF_8));
          Files.write(scratch.resolve(PeerAppYaml.FILE), bytes);
          List<String> shown = PeerAppYaml.command(scratch);
          if (!runs.equals(shown)) {
            throw new AssertionError("the enclave runs %s, people see %s".formatted(runs, shown));
          }
          return true;
        });
  }

  private static FuzzTarget manifest() {
    String seed =
        "parley-manifest 1\nfile 644 %s app.yaml\nfile 755 %s bin/run\nvalue name sum\n"
            .formatted("ab".repeat(32), "cd".repeat(32));
    return text(
        seed,
        text -> {
          if (!Manifest.parse(text).text().equals(text)) {
            throw new AssertionError("two forms of one manifest");
          }
        });
  }

  /** What we take for JSON, Jackson takes too. */
  private static FuzzTarget json() {
    ObjectMapper mapper =
        JsonMapper.builder().disable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();
    return new FuzzTarget(
        List.of(JSON.getBytes(UTF_8), "[]".getBytes(UTF_8)),
        bytes -> {
          JsonReader reader = new JsonReader(new ByteArrayInputStream(bytes));
          try {
            while (reader.next() != JsonToken.END) {
              String unused = reader.text();
            }
          } catch (JsonReader.MalformedJsonException e) {
            return false;
          }
          requireJson(mapper, bytes);
          return true;
        });
  }

  private static void requireJson(ObjectMapper mapper, byte[] bytes) {
    try {
      var unused = mapper.readTree(new String(bytes, UTF_8));
    } catch (IOException e) {
      throw new AssertionError("Jackson refuses it", e);
    }
  }
}
