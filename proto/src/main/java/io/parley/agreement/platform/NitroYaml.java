package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** A policy for Nitro enclaves, as text. Stateless. */
final class NitroYaml {
  private NitroYaml() {}

  static @Nullable PlatformPolicy read(Problems problems, PolicyValues values) {
    int before = problems.count();
    values.only("pcrs", "debug", "roots");
    SortedMap<Integer, ByteString> pcrs = values.pcrs(NitroPolicy.PCRS, NitroPolicy.PCR_BYTES);
    values.rules().nitroPcrs(pcrs);
    boolean debug = values.allowed("debug");
    SortedMap<String, Digest> roots = values.roots();
    values.rules().roots(roots);
    return problems.count() > before ? null : new NitroPolicy(pcrs, debug, roots);
  }

  static List<String> write(NitroPolicy policy) {
    return new PolicyLines()
        .registers("pcrs", policy.pcrs())
        .allowed("debug", policy.debugAllowed())
        .roots(policy.roots())
        .lines();
  }
}
