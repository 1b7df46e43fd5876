package io.parley.peer.cli;

import io.parley.identity.Caller;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.SigningKey;
import io.parley.identity.TlsIdentity;
import io.parley.peer.members.MembershipStore;
import io.parley.seal.HpkeKeyPair;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A party's folder: {@code parley.yaml}, {@code identity/}, {@code clients/}, {@code consortium/},
 * {@code state/}, {@code broker/}. An analyst's may be smaller: {@code clients/} and {@code
 * consortium/}, and {@code identity/result.key} to open results.
 */
final class PartyHome {
  private static final String CERTIFICATE_SUFFIX = ".crt";
  private static final String KEY_SUFFIX = ".key";
  private static final String DEFAULT_CLIENT = "operator";

  private final Path root;
  private final @Nullable String client;
  private @Nullable TlsIdentity tls;
  private @Nullable MembershipStore members;

  /**
   * @param client name of the client certificate to show; null for the default
   */
  PartyHome(Path root, @Nullable String client) {
    this.root = root;
    this.client = client;
  }

  Path root() {
    return root;
  }

  Path config() {
    return root.resolve("parley.yaml");
  }

  Path identity() {
    return root.resolve("identity");
  }

  Path clients() {
    return root.resolve("clients");
  }

  Path consortium() {
    return root.resolve("consortium");
  }

  Path broker() {
    return root.resolve("broker");
  }

  Path certificate(String name) {
    return clients().resolve(name + CERTIFICATE_SUFFIX);
  }

  Path key(String name) {
    return clients().resolve(name + KEY_SUFFIX);
  }

  /** The names of the client certificates here, sorted. */
  List<String> clientNames() {
    if (!Files.isDirectory(clients())) {
      return List.of();
    }
    try (Stream<Path> files = Files.list(clients())) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(CERTIFICATE_SUFFIX))
          .map(name -> name.substring(0, name.length() - CERTIFICATE_SUFFIX.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** What calls are made with. */
  TlsIdentity client() {
    if (tls == null) {
      String name = client == null ? defaultClient() : client;
      if (!clientNames().contains(name)) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "there is no client certificate '%s' in %s, only %s"
                .formatted(name, clients(), clientNames()),
            Map.of("client", name));
      }
      tls = TlsIdentity.load(certificate(name), key(name));
    }
    return tls;
  }

  private String defaultClient() {
    List<String> names = clientNames();
    if (names.isEmpty()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "%s is not a party's home; 'parley identity create' makes one".formatted(root),
          Map.of("home", root.toString()));
    }
    if (names.contains(DEFAULT_CLIENT) || names.size() > 1) {
      if (!names.contains(DEFAULT_CLIENT)) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "choose one of the client certificates %s with --as".formatted(names));
      }
      return DEFAULT_CLIENT;
    }
    return names.getFirst();
  }

  Caller caller() {
    return client().caller();
  }

  /** The party whose home this is. */
  String name() {
    return caller().party();
  }

  MembershipStore membership() {
    if (members == null) {
      // Without a certificate there is no party: the better message.
      var _ = client();
      members = MembershipStore.open(consortium());
    }
    return members;
  }

  /** The key that agreements and membership lists are signed with; the caller closes it. */
  SigningKey signingKey() {
    if (caller().role() != Role.OPERATOR) {
      throw new RefusedException(
          Reason.ROLE_MISSING,
          "signing takes an operator; you are " + caller(),
          Map.of("seen", caller().toString()));
    }
    return PartyIdentity.loadSigningKey(identity());
  }

  /** The key that results are sealed to; the caller closes it. */
  HpkeKeyPair resultKey() {
    return PartyIdentity.loadResultKey(identity());
  }
}
