package io.parley.peer.cli;

import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a new broker keeps its KEKs, as options say it. */
final class BrokerKeys {
  /** The vaults there are. */
  enum Vault {
    FILE,
    PKCS11
  }

  @Option(
      names = "--keys",
      paramLabel = "VAULT",
      defaultValue = "file",
      description = "Where KEKs are kept: file, or pkcs11 for an HSM. Default: ${DEFAULT-VALUE}.")
  Vault vault = Vault.FILE;

  @Option(
      names = "--library",
      paramLabel = "FILE",
      description = "With pkcs11: the HSM's PKCS#11 library.")
  @Nullable Path library;

  @Option(
      names = "--token-label",
      paramLabel = "LABEL",
      description = "With pkcs11: the label of the HSM's token.")
  @Nullable String tokenLabel;

  @Option(
      names = "--pin-file",
      paramLabel = "FILE",
      description = "With pkcs11: a private file that holds the token's PIN. It stays where it is.")
  @Nullable Path pinFile;

  /** For the broker's own command. */
  List<String> arguments() {
    if (vault == Vault.FILE) {
      if (library != null || tokenLabel != null || pinFile != null) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "--library, --token-label and --pin-file are for --keys pkcs11");
      }
      return List.of();
    }
    if (library == null || tokenLabel == null || pinFile == null) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "--keys pkcs11 needs --library, --token-label and --pin-file");
    }
    return inToken(library, tokenLabel, pinFile);
  }

  static List<String> inToken(Path library, String tokenLabel, Path pinFile) {
    return List.of(
        "--keys",
        "pkcs11",
        "--library",
        library.toAbsolutePath().toString(),
        "--token-label",
        tokenLabel,
        "--pin-file",
        pinFile.toAbsolutePath().toString());
  }
}
