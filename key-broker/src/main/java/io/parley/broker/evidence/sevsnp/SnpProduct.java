package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.SnpClaims.Tcb;
import io.parley.wire.Digest;
import java.util.Locale;
import java.util.Optional;

/** A line of processors: each has its own root, and lays out its TCB in its own way. */
public enum SnpProduct {
  MILAN("69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"),
  GENOA("4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"),
  TURIN("1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a");

  private static final int FAMILY_ZEN3_ZEN4 = 0x19;
  private static final int FAMILY_ZEN5 = 0x1a;
  private static final int MODEL_MASK = 0xf0;
  private static final int MODELS_GENOA = 0x10;
  private static final int MODELS_BERGAMO_SIENA = 0xa0;
  private static final int MODELS_TURIN_DENSE = 0x10;
  private static final int BYTE_MASK = 0xff;

  private final Digest root;

  SnpProduct(String root) {
    this.root = Digest.parse("sha256:" + root);
  }

  /** Fingerprint of AMD's root key certificate (ARK) for it. */
  Digest root() {
    return root;
  }

  /** Its name, as an agreement has it. */
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The chip identifier's part that a certificate holds; the rest of the report's is zero. */
  int chipIdBytes() {
    return this == TURIN ? 8 : 64;
  }

  /**
   * By a certificate's product name, such as "Milan-B0" or, in a VLEK, "Milan". Siena is of Genoa's
   * line, under its root.
   */
  public static Optional<SnpProduct> named(String productName) {
    String line = productName.split("-", 2)[0].toLowerCase(Locale.ROOT);
    if (line.equals("siena")) {
      return Optional.of(GENOA);
    }
    for (SnpProduct product : values()) {
      if (product.text().equals(line)) {
        return Optional.of(product);
      }
    }
    return Optional.empty();
  }

  /** By CPUID, as reports of version 3 and later have it. */
  static Optional<SnpProduct> of(int family, int model) {
    int models = model & MODEL_MASK;
    if (family == FAMILY_ZEN3_ZEN4) {
      return switch (models) {
        case 0 -> Optional.of(MILAN);
        case MODELS_GENOA, MODELS_BERGAMO_SIENA -> Optional.of(GENOA);
        default -> Optional.empty();
      };
    }
    return family == FAMILY_ZEN5 && (models == 0 || models == MODELS_TURIN_DENSE)
        ? Optional.of(TURIN)
        : Optional.empty();
  }

  /** TCB_VERSION of a report: the specification's tables "Structure of the TCB_VERSION". */
  Tcb tcb(ByteString version) {
    return this == TURIN
        ? new Tcb(at(version, 0), at(version, 1), at(version, 2), at(version, 3), at(version, 7))
        : new Tcb(0, at(version, 0), at(version, 1), at(version, 6), at(version, 7));
  }

  private static int at(ByteString version, int index) {
    return version.byteAt(index) & BYTE_MASK;
  }
}
