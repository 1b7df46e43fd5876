package io.parley.broker.cli;

import io.parley.broker.evidence.SnpClaims;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Kinds of evidence that hardware signs. */
enum EvidenceKind {
  SEV_SNP("sev-snp"),
  TDX("tdx"),
  NITRO("nitro"),
  TPM2("tpm2"),
  AZURE_VTPM("azure-vtpm", SnpClaims.KIND),
  SGX("sgx", null);

  private final String text;
  private final @Nullable String policy;

  EvidenceKind(String text) {
    this(text, text);
  }

  EvidenceKind(String text, @Nullable String policy) {
    this.text = text;
    this.policy = policy;
  }

  /** Their names, for people. */
  static String all() {
    return Stream.of(values()).map(EvidenceKind::text).collect(Collectors.joining(", "));
  }

  /** The kind of the policies that say what is wanted of it; null where there are none. */
  @Nullable String policy() {
    return policy;
  }

  String text() {
    return text;
  }

  /** Whether the vendor publishes anything that ages, beside the evidence. */
  boolean hasCollateral() {
    return this != NITRO && this != TPM2;
  }

  /** Whether certificates come beside the evidence. */
  boolean hasChain() {
    return this != NITRO && this != TPM2;
  }

  static Optional<EvidenceKind> parse(String text) {
    for (EvidenceKind kind : values()) {
      if (kind.text.equals(text)) {
        return Optional.of(kind);
      }
    }
    return Optional.empty();
  }
}
