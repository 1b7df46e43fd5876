package io.parley.broker.config;

import io.parley.broker.keys.TokenSettings;
import io.parley.yaml.YamlSection;
import java.nio.file.Path;

/** The section {@code keys:} of broker.yaml. */
final class KeysYaml {
  private static final String FILE = "file";
  static final String PKCS11 = "pkcs11";
  // The JDK's provider would expand or unescape these in its own configuration.
  private static final String PATH = "/[^\\p{Cntrl}$\\\\\"]{1,1023}";
  private static final String LABEL = "[^\\p{Cntrl}]{1,32}";

  private KeysYaml() {}

  /**
   * Reads it; without it, keys are in files.
   *
   * @param file broker.yaml, where relative paths start
   */
  static KeysConfig read(YamlSection root, Path file) {
    YamlSection keys =
        root.sectionOrEmpty("keys").only("vault", "library", "token_label", "pin_file");
    if (keys.value("vault", FILE, KeysYaml::vault).equals(FILE)) {
      var _ = keys.only("vault");
      return new KeysConfig.File();
    }
    String library =
        keys.required("library", "/", "the HSM's PKCS#11 library, a whole path", KeysYaml::library);
    String label =
        keys.required("token_label", "-", "the label of the HSM's token", KeysYaml::label);
    String pin =
        keys.required("pin_file", "-", "the file that holds the token's PIN", text -> text);
    return new KeysConfig.Pkcs11(
        new TokenSettings(
            Path.of(library), label, file.toAbsolutePath().resolveSibling(pin).normalize()));
  }

  /** The section as text. */
  static String write(KeysConfig keys) {
    return switch (keys) {
      case KeysConfig.File() -> "  vault: file\n";
      case KeysConfig.Pkcs11(TokenSettings token) ->
          """
            vault: pkcs11
            library: %s
            token_label: %s
            pin_file: %s
          """
              .formatted(
                  BrokerYaml.quoted(token.library().toString()),
                  BrokerYaml.quoted(token.label()),
                  BrokerYaml.quoted(token.pinFile().toString()));
    };
  }

  static String vault(String text) {
    BrokerConfig.require(
        text.equals(FILE) || text.equals(PKCS11), "'%s' is not file or pkcs11".formatted(text));
    return text;
  }

  static String library(String text) {
    BrokerConfig.require(
        text.matches(PATH),
        "'%s' is no whole path without $, quotes and backslashes".formatted(text));
    return text;
  }

  static String label(String text) {
    BrokerConfig.require(
        text.matches(LABEL), "'%s' is no label of 1 to 32 characters".formatted(text));
    return text;
  }
}
