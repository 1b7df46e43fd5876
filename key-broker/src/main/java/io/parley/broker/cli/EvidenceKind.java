package io.parley.broker.cli;

import java.util.Optional;

/** Kinds of evidence that hardware signs. */
enum EvidenceKind {
  SEV_SNP("sev-snp"),
  TDX("tdx"),
  NITRO("nitro"),
  TPM2("tpm2");

  private final String text;

  EvidenceKind(String text) {
    this.text = text;
  }

  String text() {
    return text;
  }

  /** Whether the vendor publishes anything that ages, beside the evidence. */
  boolean hasCollateral() {
    return this == SEV_SNP || this == TDX;
  }

  /** Whether certificates come beside the evidence. */
  boolean hasChain() {
    return this == SEV_SNP || this == TDX;
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
