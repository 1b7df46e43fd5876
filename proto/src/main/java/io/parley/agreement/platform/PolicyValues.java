package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Problems;
import io.parley.wire.Suggestions;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The values of one policy's section; each wrong one is a problem at its place. One thread. */
final class PolicyValues {
  private final Problems problems;
  private final YamlSection section;
  private final PolicyUse use;
  private final PolicyRules rules;

  PolicyValues(Problems problems, YamlSection section, PolicyUse use) {
    this.problems = problems;
    this.section = section;
    this.use = use;
    this.rules = new PolicyRules(problems, section.path(""));
  }

  YamlSection section() {
    return section;
  }

  PolicyUse use() {
    return use;
  }

  PolicyRules rules() {
    return rules;
  }

  /** Every key must be one of these, or in a file its kind. */
  void only(String... keys) {
    section.only(
        use == PolicyUse.FILE
            ? Stream.concat(Stream.of("kind"), Arrays.stream(keys)).toArray(String[]::new)
            : keys);
  }

  /** Must be written, with at least one value. */
  <T> List<T> some(String key, String what, Function<String, T> parse) {
    @Nullable List<String> texts = section.texts(key, what, false);
    List<T> values = texts == null ? List.of() : each(key, texts, parse);
    if (texts != null && values.size() == texts.size()) {
      rules.some(key, values);
    }
    return values;
  }

  <T> List<T> someOr(String key, String what, Function<String, T> parse, List<T> strict) {
    return section.find(key) == null ? strict : some(key, what, parse);
  }

  /** May be left out, or empty. */
  <T> List<T> any(String key, String what, Function<String, T> parse) {
    return each(key, section.textsOrNone(key, what), parse);
  }

  private <T> List<T> each(String key, List<String> texts, Function<String, T> parse) {
    List<T> values = new ArrayList<>();
    for (int i = 0; i < texts.size(); i++) {
      @Nullable T value = parsed("%s[%d]".formatted(key, i), texts.get(i), parse);
      if (value != null) {
        values.add(value);
      }
    }
    return values;
  }

  private <T> @Nullable T parsed(String key, String text, Function<String, T> parse) {
    try {
      return parse.apply(text);
    } catch (IllegalArgumentException | ParleyException e) {
      problems.add(section.path(key), String.valueOf(e.getMessage()));
      return null;
    }
  }

  /** Refused is the strict value. */
  boolean allowed(String key) {
    return section.value(key, "refused", word("refused", "allowed")).equals("allowed");
  }

  /** Required is the strict value. */
  boolean revocationRequired() {
    return section
        .value("revocation", "required", word("required", "not_required"))
        .equals("required");
  }

  SortedMap<String, Digest> roots() {
    SortedMap<String, Digest> roots = new TreeMap<>();
    @Nullable Map<String, String> named =
        section.find("roots") == null ? null : section.textMap("roots");
    if (named != null) {
      named.forEach((name, text) -> {
        @Nullable Digest digest = parsed("roots." + name, text, Digest::parse);
        if (digest != null) {
          roots.put(name, digest);
        }
      });
    }
    return roots;
  }

  /** Registers by index. */
  SortedMap<Integer, ByteString> pcrs(int count, int bytes) {
    SortedMap<Integer, ByteString> pcrs = new TreeMap<>();
    @Nullable YamlSection registers = section.section("pcrs");
    if (registers == null) {
      return pcrs;
    }
    for (YamlNode.Entry entry : registers.entries()) {
      if (!entry.key().matches("0|[1-9][0-9]?") || Integer.parseInt(entry.key()) >= count) {
        problems.add(
            registers.path(entry.key()), "is no register from 0 to %d".formatted(count - 1));
        continue;
      }
      pcrs.put(
          Integer.parseInt(entry.key()),
          registers.required(
              entry.key(),
              ByteString.copyFrom(new byte[bytes]),
              bytes + " bytes as hex",
              hex(bytes)));
    }
    return pcrs;
  }

  static Function<String, String> word(String... words) {
    return word(List.of(words));
  }

  static Function<String, String> word(List<String> words) {
    return text -> {
      if (!words.contains(text)) {
        throw new IllegalArgumentException(
            "'%s' is not one of %s%s"
                .formatted(
                    Suggestions.shown(text),
                    String.join(", ", words),
                    Suggestions.hint(text, words)));
      }
      return text;
    };
  }

  static Function<String, ByteString> hex(int bytes) {
    return text -> {
      if (!text.matches("[0-9a-fA-F]{%d}".formatted(2 * bytes))) {
        throw new IllegalArgumentException("is not %d bytes as hex digits".formatted(bytes));
      }
      return ByteString.copyFrom(HexFormat.of().parseHex(text));
    };
  }

  static Function<String, Integer> number(int most) {
    return text -> {
      if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > most) {
        throw new IllegalArgumentException(
            "'%s' is not 0 to %d".formatted(Suggestions.shown(text), most));
      }
      return Integer.parseInt(text);
    };
  }
}
