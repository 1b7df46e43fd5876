package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.List;
import java.util.SortedMap;
import java.util.stream.Collectors;

/** Lines of a policy's section. One thread. */
final class PolicyLines {
  private final List<String> lines = new ArrayList<>();

  PolicyLines plain(String key, Object value) {
    lines.add("%s: %s".formatted(key, value));
    return this;
  }

  /** Words and numbers, none of which YAML could take for something else. */
  PolicyLines list(String key, Collection<?> values) {
    return plain(
        key, values.stream().map(Object::toString).collect(Collectors.joining(", ", "[", "]")));
  }

  PolicyLines bytes(String key, Collection<ByteString> values) {
    return list(key, values.stream().map(PolicyLines::quoted).toList());
  }

  PolicyLines digests(String key, Collection<Digest> values) {
    return list(key, values.stream().map(PolicyLines::quoted).toList());
  }

  PolicyLines allowed(String key, boolean allowed) {
    return plain(key, allowed ? "allowed" : "refused");
  }

  PolicyLines revocation(boolean required) {
    return plain("revocation", required ? "required" : "not_required");
  }

  PolicyLines registers(String key, SortedMap<Integer, ByteString> values) {
    return plain(
        key,
        values.entrySet().stream()
            .map(entry -> entry.getKey() + ": " + quoted(entry.getValue()))
            .collect(Collectors.joining(", ", "{", "}")));
  }

  /** Nothing where there are none: the vendor's hold. */
  PolicyLines roots(SortedMap<String, Digest> roots) {
    if (!roots.isEmpty()) {
      lines.add("roots:");
      roots.forEach((name, digest) -> lines.add("  \"%s\": %s".formatted(name, quoted(digest))));
    }
    return this;
  }

  List<String> lines() {
    return List.copyOf(lines);
  }

  private static String quoted(ByteString bytes) {
    return '"' + HexFormat.of().formatHex(bytes.toByteArray()) + '"';
  }

  private static String quoted(Digest digest) {
    return "\"%s\"".formatted(digest);
  }
}
