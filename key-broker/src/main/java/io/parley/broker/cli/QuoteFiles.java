package io.parley.broker.cli;

import io.parley.broker.evidence.collateral.VendorFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What tpm2-tools writes beside the message of a quote; all of it or none. */
final class QuoteFiles {
  @Option(
      names = "--key",
      required = true,
      paramLabel = "FILE",
      description = "For tpm2: the attestation key, PEM or as the TPM describes it.")
  private @Nullable Path key;

  @Option(
      names = "--signature",
      required = true,
      paramLabel = "FILE",
      description = "For tpm2: what tpm2_quote -s wrote.")
  private @Nullable Path signature;

  @Option(
      names = "--pcrs",
      required = true,
      paramLabel = "FILE",
      description = "For tpm2: what tpm2_quote -o wrote.")
  private @Nullable Path pcrs;

  /**
   * Reads them.
   *
   * @throws IOException when one cannot be read
   */
  QuoteParts read() throws IOException {
    return new QuoteParts(
        VendorFile.raw(Objects.requireNonNull(signature)),
        VendorFile.raw(Objects.requireNonNull(pcrs)),
        VendorFile.bytes(Objects.requireNonNull(key)));
  }
}
