package io.parley.broker.policy.platform;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.Revocation;
import io.parley.broker.evidence.SnpClaims;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.broker.evidence.TcbStatus;
import io.parley.broker.evidence.TdxClaims;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.nitro.NitroVerifier;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.sevsnp.SnpRoots;
import io.parley.broker.evidence.tdx.TdxVerifier;
import io.parley.broker.evidence.trust.Hex;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.yaml.YamlFile;
import io.parley.yaml.YamlNode;
import io.parley.yaml.YamlSection;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads a platform policy strictly: an unknown key is an error, all problems are told at once. What
 * is not written has the strict value; what has none, such as a measurement, must be written.
 */
public final class PolicyYaml {
  /** The registers of a Nitro enclave's image. */
  static final List<Integer> NITRO_IMAGE_PCRS = List.of(0, 1, 2);

  private static final int SIZE_BYTES_MAX = 64 << 10;
  private static final int SHA256_BYTES = 32;
  private static final int SHA384_BYTES = 48;
  private static final int PCRS = 24;
  private static final int NITRO_PCRS = 32;

  /** Anyone on the machine may reset these two. */
  private static final Set<Integer> RESETTABLE = Set.of(16, 23);

  private final YamlFile yaml;
  private final YamlSection root;
  private final String source;

  private PolicyYaml(YamlFile yaml, String source) {
    this.yaml = yaml;
    this.root = yaml.rootOrThrow(Reason.INVALID_CONFIG);
    this.source = source;
  }

  /**
   * Reads a file.
   *
   * @throws RefusedException INVALID_CONFIG that lists every problem with line and column
   * @throws EnvironmentException IO_FAILED
   */
  public static PlatformPolicy load(Path file) {
    try {
      return new PolicyYaml(YamlFile.load(file, SIZE_BYTES_MAX), file.toString()).policy();
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "cannot read %s: %s".formatted(file, e.getMessage()),
          Map.of("file", file.toString()),
          e);
    }
  }

  /** As {@link #load}, from text. */
  static PlatformPolicy parse(String text, String name) {
    return new PolicyYaml(YamlFile.read(text, name), name).policy();
  }

  private PlatformPolicy policy() {
    String kind = root.required("kind", "", "sev-snp, tdx, nitro or tpm2", text -> text);
    @Nullable PlatformPolicy policy =
        switch (kind) {
          case SnpClaims.KIND -> snp();
          case TdxClaims.KIND -> tdx();
          case NitroClaims.KIND -> nitro();
          case TpmClaims.KIND -> tpm();
          default -> null;
        };
    if (policy == null && !kind.isEmpty()) {
      yaml.problems().add("kind", "'%s' is not sev-snp, tdx, nitro or tpm2".formatted(kind));
    }
    yaml.throwIfAny(Reason.INVALID_CONFIG);
    return Objects.requireNonNull(policy);
  }

  private SnpPolicy snp() {
    root.only(
        "kind",
        "families",
        "measurements",
        "minimum_tcb",
        "vmpl",
        "signers",
        "host_data",
        "debug",
        "migration",
        "revocation",
        "roots");
    return new SnpPolicy(
        some("families", "milan, genoa, turin", oneOf("milan", "genoa", "turin")),
        some("measurements", "measurements", hex(SHA384_BYTES)),
        written(List.of(tcb())),
        someOr("vmpl", "privilege levels", PolicyYaml::vmpl, 0L),
        someOr("signers", "vcek, vlek", oneOf("vcek", "vlek"), "vcek"),
        someOr(
            "host_data",
            "host data",
            hex(SHA256_BYTES),
            ByteString.copyFrom(new byte[SHA256_BYTES])),
        allowed("debug"),
        allowed("migration"),
        root.value("revocation", "required", oneOf("required", "not_required")).equals("required")
            ? strict("revocation", Revocation.CHECKED)
            : written(List.of(Revocation.CHECKED, Revocation.NOT_CHECKED)),
        snpRoots());
  }

  private Tcb tcb() {
    @Nullable YamlSection tcb = root.section("minimum_tcb");
    if (tcb == null) {
      return new Tcb(0, 0, 0, 0, 0);
    }
    tcb.only("fmc", "bootloader", "tee", "snp", "microcode");
    return new Tcb(
        tcb.value("fmc", 0, PolicyYaml::version),
        tcb.required("bootloader", 0, "a version", PolicyYaml::version),
        tcb.required("tee", 0, "a version", PolicyYaml::version),
        tcb.required("snp", 0, "a version", PolicyYaml::version),
        tcb.required("microcode", 0, "a version", PolicyYaml::version));
  }

  private TdxPolicy tdx() {
    root.only(
        "kind",
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
    List<Expected<ByteString>> rtmrs = new ArrayList<>();
    @Nullable YamlSection registers = root.section("rtmrs");
    for (int i = 0; i < TdxPolicy.RTMRS; i++) {
      ByteString none = ByteString.EMPTY;
      rtmrs.add(
          registers == null
              ? written(List.of(none))
              : written(
                  List.of(
                      registers.required(
                          Integer.toString(i), none, "48 bytes as hex", hex(SHA384_BYTES)))));
    }
    if (registers != null) {
      registers.only("0", "1", "2", "3");
    }
    ByteString zeros = ByteString.copyFrom(new byte[SHA384_BYTES]);
    Set<String> advisories = new TreeSet<>(root.textsOrNone("advisories", "advisories"));
    return new TdxPolicy(
        someOr("tcb_status", "TCB statuses", PolicyYaml::status, TcbStatus.UP_TO_DATE),
        root.find("advisories") == null
            ? strict("advisories", Set.of())
            : written(List.of(advisories)),
        written(
            List.of(
                root.required(
                    "minimum_tcb_evaluation", 0, "the least evaluation number", number(9999)))),
        some("mr_td", "measurements", hex(SHA384_BYTES)),
        rtmrs,
        someOr("mr_config_id", "values", hex(SHA384_BYTES), zeros),
        someOr("mr_owner", "values", hex(SHA384_BYTES), zeros),
        someOr("mr_owner_config", "values", hex(SHA384_BYTES), zeros),
        allowed("debug"),
        rootsOr(TdxVerifier.INTEL));
  }

  private NitroPolicy nitro() {
    root.only("kind", "pcrs", "debug", "roots");
    SortedMap<Integer, Expected<ByteString>> pcrs = pcrs(SHA384_BYTES, NITRO_PCRS);
    for (int pcr : NITRO_IMAGE_PCRS) {
      if (!pcrs.containsKey(pcr)) {
        yaml.problems().add("pcrs", "'%d' is missing: it is of the image".formatted(pcr));
      }
    }
    return new NitroPolicy(pcrs, allowed("debug"), rootsOr(NitroVerifier.AWS));
  }

  private TpmPolicy tpm() {
    root.only("kind", "pcrs", "roots", "attestation_keys");
    SortedMap<Integer, Expected<ByteString>> pcrs = pcrs(SHA256_BYTES, PCRS);
    for (int pcr : RESETTABLE) {
      if (pcrs.containsKey(pcr)) {
        yaml.problems().add("pcrs." + pcr, "can be reset by anyone; name another");
      }
    }
    List<Digest> keys = new ArrayList<>();
    for (String key : root.textsOrNone("attestation_keys", "digests")) {
      parsed("attestation_keys", key, Digest::parse, keys);
    }
    Map<Digest, String> roots = roots();
    List<String> anchors = new ArrayList<>(roots.values());
    if (!keys.isEmpty()) {
      anchors.add(TpmPolicy.PINNED_KEY);
    }
    if (anchors.isEmpty()) {
      yaml.problems().add("", "name 'roots' of TPM vendors, or 'attestation_keys'");
    }
    return new TpmPolicy(
        written(anchors), roots, written(List.of(new TreeSet<>(pcrs.keySet()))), pcrs, keys);
  }

  /** In place of AMD's, by product. */
  private SnpRoots snpRoots() {
    if (root.find("roots") == null) {
      return SnpRoots.AMD;
    }
    Map<SnpProduct, Digest> roots = new EnumMap<>(SnpProduct.class);
    roots()
        .forEach((fingerprint, name) -> {
          List<SnpProduct> product = new ArrayList<>();
          parsed("roots", name, PolicyYaml::product, product);
          product.forEach(each -> roots.put(each, fingerprint));
        });
    return new SnpRoots(roots);
  }

  private static SnpProduct product(String name) {
    return SnpProduct.named(name)
        .orElseThrow(() ->
            new IllegalArgumentException("'%s' is not milan, genoa or turin".formatted(name)));
  }

  /** In place of the vendor's. */
  private Set<Digest> rootsOr(Digest vendor) {
    return root.find("roots") == null ? Set.of(vendor) : Set.copyOf(roots().keySet());
  }

  private Map<Digest, String> roots() {
    Map<Digest, String> roots = new HashMap<>();
    @Nullable Map<String, String> named = root.find("roots") == null ? null : root.textMap("roots");
    if (named != null) {
      named.forEach((name, digest) -> {
        List<Digest> parsed = new ArrayList<>();
        parsed("roots." + name, digest, Digest::parse, parsed);
        parsed.forEach(fingerprint -> roots.put(fingerprint, name));
      });
    }
    return roots;
  }

  private SortedMap<Integer, Expected<ByteString>> pcrs(int bytes, int count) {
    SortedMap<Integer, Expected<ByteString>> pcrs = new TreeMap<>();
    @Nullable YamlSection section = root.section("pcrs");
    if (section == null) {
      return pcrs;
    }
    if (section.entries().isEmpty()) {
      yaml.problems().add("pcrs", "is empty; name the registers to compare");
    }
    for (YamlNode.Entry entry : section.entries()) {
      if (!entry.key().matches("[0-9]{1,2}") || Integer.parseInt(entry.key()) >= count) {
        yaml.problems()
            .add(section.path(entry.key()), "is no register from 0 to %d".formatted(count - 1));
        continue;
      }
      pcrs.put(
          Integer.parseInt(entry.key()),
          written(
              List.of(
                  section.required(entry.key(), ByteString.EMPTY, "a value as hex", hex(bytes)))));
    }
    return pcrs;
  }

  private Expected<Boolean> allowed(String key) {
    return root.value(key, "refused", oneOf("refused", "allowed")).equals("allowed")
        ? written(List.of(true, false))
        : strict(key, false);
  }

  /** Must be written, with at least one value. */
  private <T> Expected<T> some(String key, String what, Function<String, T> parse) {
    @Nullable List<String> texts = root.texts(key, what, false);
    List<T> values = new ArrayList<>();
    if (texts != null) {
      texts.forEach(text -> parsed(key, text, parse, values));
      if (texts.isEmpty()) {
        yaml.problems().add(key, "is empty; nothing would be allowed");
      }
    }
    return written(values);
  }

  private <T> Expected<T> someOr(String key, String what, Function<String, T> parse, T strict) {
    return root.find(key) == null ? strict(key, strict) : some(key, what, parse);
  }

  private <T> Expected<T> strict(String key, T value) {
    return new Expected.OneOf<>(
        List.of(value), root.find(key) == null ? PlatformPolicy.DEFAULT : source);
  }

  private <T> Expected<T> written(List<T> values) {
    return new Expected.OneOf<>(values, source);
  }

  private <T> void parsed(String key, String text, Function<String, T> parse, List<T> into) {
    try {
      into.add(parse.apply(text));
    } catch (IllegalArgumentException | RefusedException e) {
      yaml.problems().add(key, String.valueOf(e.getMessage()));
    }
  }

  private static Function<String, String> oneOf(String... words) {
    return text -> {
      if (!List.of(words).contains(text)) {
        throw new IllegalArgumentException(
            "'%s' is not one of %s".formatted(text, String.join(", ", words)));
      }
      return text;
    };
  }

  private static Function<String, ByteString> hex(int bytes) {
    return text -> {
      if (!text.matches("[0-9a-fA-F]{%d}".formatted(2 * bytes))) {
        throw new IllegalArgumentException("is not %d bytes as hex digits".formatted(bytes));
      }
      return Hex.parse(text);
    };
  }

  private static Function<String, Integer> number(int most) {
    return text -> {
      if (!text.matches("[0-9]{1,5}") || Integer.parseInt(text) > most) {
        throw new IllegalArgumentException("'%s' is not 0 to %d".formatted(text, most));
      }
      return Integer.parseInt(text);
    };
  }

  private static Integer version(String text) {
    return number(255).apply(text);
  }

  private static Long vmpl(String text) {
    return number(3).apply(text).longValue();
  }

  private static TcbStatus status(String text) {
    return TcbStatus.parse(text)
        .filter(status -> status != TcbStatus.REVOKED)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "'%s' is no TCB status of Intel's that could be allowed".formatted(text)));
  }
}
