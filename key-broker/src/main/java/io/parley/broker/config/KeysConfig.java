package io.parley.broker.config;

import io.parley.broker.keys.TokenSettings;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** Where KEKs are kept: what {@code keys:} in broker.yaml says. */
public sealed interface KeysConfig {
  /** Under the master key, beside the database. */
  record File() implements KeysConfig {}

  /** In the token of an HSM. */
  record Pkcs11(TokenSettings token) implements KeysConfig {}

  /**
   * What a command line says.
   *
   * @throws IllegalArgumentException when something is missing, or not for this vault
   */
  static KeysConfig of(
      String vault, @Nullable Path library, @Nullable String tokenLabel, @Nullable Path pinFile) {
    if (!KeysYaml.vault(vault).equals(KeysYaml.PKCS11)) {
      BrokerConfig.require(
          library == null && tokenLabel == null && pinFile == null,
          "--library, --token-label and --pin-file are for --keys pkcs11");
      return new File();
    }
    if (library == null || tokenLabel == null || pinFile == null) {
      throw new IllegalArgumentException(
          "--keys pkcs11 needs --library, --token-label and --pin-file");
    }
    return new Pkcs11(
        new TokenSettings(
            Path.of(KeysYaml.library(library.toAbsolutePath().toString())),
            KeysYaml.label(tokenLabel),
            pinFile.toAbsolutePath()));
  }
}
