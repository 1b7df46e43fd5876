package io.parley.agreement.platform;

import static io.parley.agreement.platform.PolicyValues.hex;
import static io.parley.agreement.platform.PolicyValues.number;
import static io.parley.agreement.platform.PolicyValues.word;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A policy for TDX, as text. Stateless. */
final class TdxYaml {
  private static final Function<String, ByteString> MEASUREMENT = hex(TdxPolicy.MEASUREMENT_BYTES);

  private TdxYaml() {}

  static @Nullable PlatformPolicy read(Problems problems, PolicyValues values) {
    int before = problems.count();
    values.only(
        "mr_td",
        "rtmrs",
        "mr_config_id",
        "mr_owner",
        "mr_owner_config",
        "tcb_status",
        "advisories",
        "minimum_tcb_evaluation",
        "debug",
        "roots");
    List<ByteString> mrTd = values.some("mr_td", "measurements", MEASUREMENT);
    List<ByteString> rtmrs = rtmrs(values.section());
    int evaluation =
        values
            .section()
            .required(
                "minimum_tcb_evaluation",
                0,
                "the least evaluation number",
                number(TdxPolicy.EVALUATION_MAX));
    List<String> statuses =
        values.someOr(
            "tcb_status", "TCB statuses", word(TdxPolicy.STATUSES), TdxPolicy.STRICT_STATUS);
    List<String> advisories = values.any("advisories", "advisories", text -> text);
    values.rules().advisories("advisories", advisories);
    List<ByteString> configId = value(values, "mr_config_id");
    List<ByteString> owner = value(values, "mr_owner");
    List<ByteString> ownerConfig = value(values, "mr_owner_config");
    boolean debug = values.allowed("debug");
    SortedMap<String, Digest> roots = values.roots();
    values.rules().roots(roots);
    return problems.count() > before
        ? null
        : new TdxPolicy(
            mrTd,
            rtmrs,
            evaluation,
            statuses,
            advisories,
            configId,
            owner,
            ownerConfig,
            debug,
            roots);
  }

  private static List<ByteString> value(PolicyValues values, String key) {
    return values.someOr(key, "values", MEASUREMENT, TdxPolicy.STRICT_VALUE);
  }

  private static List<ByteString> rtmrs(YamlSection section) {
    ByteString none = TdxPolicy.STRICT_VALUE.getFirst();
    @Nullable YamlSection registers = section.section("rtmrs");
    if (registers == null) {
      return Collections.nCopies(TdxPolicy.RTMRS, none);
    }
    registers.only("0", "1", "2", "3");
    List<ByteString> rtmrs = new ArrayList<>();
    for (int i = 0; i < TdxPolicy.RTMRS; i++) {
      rtmrs.add(registers.required(Integer.toString(i), none, "48 bytes as hex", MEASUREMENT));
    }
    return rtmrs;
  }

  static List<String> write(TdxPolicy policy) {
    SortedMap<Integer, ByteString> rtmrs = new TreeMap<>();
    for (int i = 0; i < TdxPolicy.RTMRS; i++) {
      rtmrs.put(i, policy.rtmrs().get(i));
    }
    return new PolicyLines()
        .bytes("mr_td", policy.mrTd())
        .registers("rtmrs", rtmrs)
        .plain("minimum_tcb_evaluation", policy.minimumTcbEvaluation())
        .list("tcb_status", policy.tcbStatus())
        .list("advisories", policy.advisories())
        .bytes("mr_config_id", policy.mrConfigId())
        .bytes("mr_owner", policy.mrOwner())
        .bytes("mr_owner_config", policy.mrOwnerConfig())
        .allowed("debug", policy.debugAllowed())
        .roots(policy.roots())
        .lines();
  }
}
