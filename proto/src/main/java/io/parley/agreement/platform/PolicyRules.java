package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.evidence.MeasuredEvent;
import io.parley.identity.Names;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.Suggestions;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * What every platform policy must keep to, whether it comes as bytes, as text or from a
 * constructor. Each rule adds to the problems, at the key that it is about.
 */
final class PolicyRules {
  /** Most values in a list. */
  static final int MAX_VALUES = 64;

  static final int MAX_ADVISORIES = 256;

  private static final Pattern ADVISORY = Pattern.compile("[A-Z0-9][A-Z0-9-]{0,63}");

  private final Problems problems;
  private final String prefix;

  /**
   * @param prefix goes before each key, such as "environment.tpm2."
   */
  PolicyRules(Problems problems, String prefix) {
    this.problems = problems;
    this.prefix = prefix;
  }

  static PolicyRules ofRecord() {
    return new PolicyRules(new Problems(), "");
  }

  void throwIfAny(String kind) {
    problems.throwIfAny(Reason.INVALID_AGREEMENT, kind + " policy");
  }

  static <T extends Comparable<T>> List<T> sorted(List<T> values) {
    return values.stream().sorted().toList();
  }

  static List<ByteString> sortedBytes(List<ByteString> values) {
    return values.stream().sorted(ByteString.unsignedLexicographicalComparator()).toList();
  }

  static List<Digest> sortedDigests(List<Digest> values) {
    return values.stream().sorted(Comparator.comparing(Digest::hex)).toList();
  }

  static <K, V> SortedMap<K, V> sorted(SortedMap<K, V> map) {
    return Collections.unmodifiableSortedMap(new TreeMap<>(map));
  }

  private void add(String key, String problem) {
    String path = prefix + key;
    problems.add(path.endsWith(".") ? path.substring(0, path.length() - 1) : path, problem);
  }

  void count(String key, int count, int least, int most) {
    if (count < least || count > most) {
      add(
          key,
          count == 0
              ? "is empty; nothing would be allowed"
              : "has %d values; expected %d to %d".formatted(count, least, most));
    }
  }

  /** One to the limit, none twice. */
  void some(String key, Collection<?> values) {
    count(key, values.size(), 1, MAX_VALUES);
    unique(key, values);
  }

  private void unique(String key, Collection<?> values) {
    if (new HashSet<>(values).size() < values.size()) {
      add(key, "has a value twice");
    }
  }

  void words(String key, List<String> values, List<String> known) {
    some(key, values);
    values.forEach(value -> word(key, value, known));
  }

  void word(String key, String value, List<String> known) {
    if (!known.contains(value)) {
      add(
          key,
          "'%s' is not one of %s%s"
              .formatted(
                  Suggestions.shown(value),
                  String.join(", ", known),
                  Suggestions.hint(value, known)));
    }
  }

  void bytes(String key, List<ByteString> values, int bytes) {
    some(key, values);
    values.forEach(value -> size(key, value, bytes));
  }

  void size(String key, ByteString value, int bytes) {
    if (value.size() != bytes) {
      add(key, "has %d bytes; expected %d".formatted(value.size(), bytes));
    }
  }

  void range(String key, int value, int most) {
    if (value < 0 || value > most) {
      add(key, "'%s' is not 0 to %d".formatted(Integer.toUnsignedString(value), most));
    }
  }

  void advisories(String key, List<String> values) {
    count(key, values.size(), 0, MAX_ADVISORIES);
    unique(key, values);
    for (String value : values) {
      if (!ADVISORY.matcher(value).matches()) {
        add(key, "'%s' is no advisory such as INTEL-SA-00837".formatted(Suggestions.shown(value)));
      }
    }
  }

  /** Names for people, and each certificate once. */
  void roots(Map<String, Digest> roots) {
    count("roots", roots.size(), 0, MAX_VALUES);
    unique("roots", roots.values());
    for (String name : roots.keySet()) {
      if (!Names.isLabel(name)) {
        add(
            "roots." + name,
            "'%s' must be lower-case letters, digits and hyphens"
                .formatted(Suggestions.shown(name)));
      }
    }
  }

  /** Where each family has its own: one for each that is allowed, and for no other. */
  void minimum(String key, SnpMinimum minimum, List<String> families) {
    if (!(minimum instanceof SnpMinimum.ByFamily(SortedMap<String, SnpTcb> tcbs))) {
      return;
    }
    for (String family : families) {
      if (!tcbs.containsKey(family)) {
        add(key, "'%s' is missing: the policy allows that family".formatted(family));
      }
    }
    tcbs.forEach((family, tcb) -> {
      if (!families.contains(family)) {
        add(
            key + "." + Suggestions.shown(family),
            "is not among 'families': %s".formatted(String.join(", ", families)));
      } else if (tcb.fmc() != 0 && !family.equals(SevSnpPolicy.TURIN)) {
        add(
            key + "." + family + ".fmc",
            "is %d; only turin has one, so nothing would be allowed".formatted(tcb.fmc()));
      }
    });
  }

  void nitroPcrs(Map<Integer, ByteString> pcrs) {
    pcrs("pcrs", pcrs, NitroPolicy.PCRS, NitroPolicy.PCR_BYTES);
    for (int pcr : NitroPolicy.IMAGE_PCRS) {
      if (!pcrs.containsKey(pcr)) {
        add("pcrs", "'%d' is missing: it is of the image".formatted(pcr));
      }
    }
  }

  void tpmPcrs(Map<Integer, ByteString> pcrs) {
    pcrs("pcrs", pcrs, TpmPolicy.PCRS, TpmPolicy.PCR_BYTES);
    for (int pcr : TpmPolicy.RESETTABLE) {
      if (pcrs.containsKey(pcr)) {
        add("pcrs." + pcr, "can be reset by anyone; name another");
      }
    }
  }

  /** A register that keeps its value needs one to be compared with. */
  void tpmAlsoQuoted(List<Integer> registers) {
    count("also_quoted", registers.size(), 0, MAX_VALUES);
    unique("also_quoted", registers);
    for (int pcr : registers) {
      if (!TpmPolicy.RESETTABLE.contains(pcr)) {
        add(
            "also_quoted",
            "'%s' is not one of %s, which anyone can reset; name its value in 'pcrs'"
                .formatted(Integer.toUnsignedString(pcr), TpmPolicy.RESETTABLE));
      }
    }
  }

  /** For enclaves: what is always compared cannot be set. */
  void tpmEnclavePcrs(Map<Integer, ByteString> pcrs) {
    for (int pcr : MeasuredEvent.PCRS) {
      if (pcrs.containsKey(pcr)) {
        add(
            "pcrs." + pcr,
            "holds what an enclave's launcher measured, and is always compared with the shim and app"
                + " of the agreement; leave it out");
      }
    }
  }

  private void pcrs(String key, Map<Integer, ByteString> pcrs, int count, int bytes) {
    pcrs.forEach((index, value) -> {
      if (index < 0 || index >= count) {
        add(
            key,
            "'%s' is no register from 0 to %d"
                .formatted(Integer.toUnsignedString(index), count - 1));
      }
      size(key + "." + index, value, bytes);
    });
  }

  void tpmTrust(List<Digest> attestationKeys, Map<String, Digest> roots) {
    count("attestation_keys", attestationKeys.size(), 0, MAX_VALUES);
    unique("attestation_keys", attestationKeys);
    roots(roots);
    if (roots.containsKey(TpmPolicy.PINNED_KEY)) {
      add(
          "roots." + TpmPolicy.PINNED_KEY,
          "stands for keys that are trusted by name; call the root something else");
    }
    if (attestationKeys.isEmpty() && roots.isEmpty()) {
      add("", "name 'roots' of TPM vendors, or 'attestation_keys'");
    }
  }

  void emulators(List<String> emulators) {
    count("emulators", emulators.size(), 0, MAX_VALUES);
    unique("emulators", emulators);
    emulators.forEach(emulator -> word("emulators", emulator, TpmPolicy.EMULATORS));
  }
}
