package io.parley.peer.cli;

import io.parley.identity.BrokerIdentity;
import io.parley.identity.ClientCertificates;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.seal.HpkeSuite;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "identity",
    description = "Who your party is: its keys, and the certificates of its people and programs.",
    footer = {
      "Example:",
      "  parley identity create --party hospital --listen 0.0.0.0:7700",
      "  parley identity issue --role analyst --name ada",
      "  parley identity renew",
    })
final class IdentityCommands {
  private static final Duration VALID_DEFAULT = Duration.ofDays(365);
  private static final String OPERATOR = "operator";

  private final Session session;

  IdentityCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "create",
      description = {
        "Makes a party's home: its own certificate authority, the node's certificate, the keys that"
            + " sign agreements and open results, a certificate for you as its operator, and"
            + " parley.yaml."
      },
      footer = {
        "Back the home up, and keep it to yourself: whoever has identity/signing.key can sign for your",
        "party, whoever has identity/result.key can open its results.",
        "",
        "Examples:",
        "  parley identity create --party hospital --listen 0.0.0.0:7700",
        "  parley --home /srv/parley/insurer identity create --party insurer --listen 127.0.0.1:7710",
      })
  int create(
      @Option(
              names = "--party",
              paramLabel = "NAME",
              required = true,
              description = "Lower-case letters, digits and hyphens; others will know it by this.")
          String party,
      @Option(
              names = "--listen",
              paramLabel = "HOST:PORT",
              defaultValue = "127.0.0.1:7700",
              description = "Where its node will listen. Default: ${DEFAULT-VALUE}.")
          String listen,
      @Option(
              names = "--embedded-broker",
              description = "The node also starts a key broker, from the folder broker/.")
          boolean embeddedBroker,
      @Option(
              names = "--hpke",
              paramLabel = "xwing|x25519",
              defaultValue = "xwing",
              description =
                  "What results are sealed to it with: xwing holds against quantum computers too."
                      + " Default: ${DEFAULT-VALUE}.")
          HpkeSuite hpke)
      throws IOException {
    PartyHome home = session.party();
    create(home, party, listen, embeddedBroker, hpke);
    session.notices().say("A home for '" + party + "' is in " + home.root());
    return show();
  }

  private void create(
      PartyHome home, String party, String listen, boolean embeddedBroker, HpkeSuite hpke)
      throws IOException {
    String config = Templates.node(party, listen, embeddedBroker);
    if (Files.exists(home.config())) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "%s is a party's home already".formatted(home.root()),
          Map.of("home", home.root().toString()));
    }
    Files.createDirectories(home.root());
    try (PartyIdentity identity =
        PartyIdentity.create(
            home.identity(),
            party,
            hpke,
            session.terminal().clock(),
            session.terminal().random())) {
      issue(home, identity, Role.OPERATOR, OPERATOR, VALID_DEFAULT);
    }
    Files.writeString(home.config(), config);
  }

  static void issue(
      PartyHome home, PartyIdentity identity, Role role, String name, Duration validity)
      throws IOException {
    Files.createDirectories(
        home.clients(),
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    ClientCertificates.issue(identity, role, name, validity)
        .write(home.certificate(name), home.key(name));
  }

  @Command(
      name = "issue",
      description = "Issues a client certificate to a person or a program of your party.",
      footer = {
        "An analyst submits jobs and reads results. An operator also adds datasets and apps, signs",
        "agreements and membership, and sees all jobs.",
        "",
        "Examples:",
        "  parley identity issue --role analyst --name ada",
        "  parley identity issue --role operator --name night-shift --valid 30d",
        "Use it with --as:",
        "  parley --as ada job submit 3f9a12cc --wait",
      })
  int issue(
      @Option(
              names = "--role",
              paramLabel = "analyst|operator",
              required = true,
              description = "What it may do.")
          Role role,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              required = true,
              description = "Lower-case letters, digits and hyphens.")
          String name,
      @Option(
              names = "--valid",
              paramLabel = "TIME",
              defaultValue = "365d",
              converter = Durations.class,
              description = "For how long. Default: ${DEFAULT-VALUE}.")
          Duration validity)
      throws IOException {
    PartyHome home = session.party();
    try (PartyIdentity identity =
        PartyIdentity.load(
            home.identity(), session.terminal().clock(), session.terminal().random())) {
      issue(home, identity, role, name, validity);
    }
    session
        .notices()
        .say(
            "Issued: "
                + home.certificate(name)
                + " and "
                + home.key(name)
                + " (keep this one secret)");
    TlsIdentity issued = TlsIdentity.load(home.certificate(name), home.key(name));
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("client", issued.caller().toString());
    fields.put("expires", issued.leaf().getNotAfter().toInstant());
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "renew",
      description = {
        "Renews certificates before they expire, or after: the node's, those of all clients here, and"
            + " that of the broker in broker/ if there is one. Keys and the party's certificate"
            + " authority stay, so the other parties have nothing to do."
      },
      footer = {
        "A node and a broker that run show their old certificate until they are started again.",
        "The old certificates stay valid until they expire.",
        "",
        "Examples:",
        "  parley identity renew",
        "  parley identity renew --client ada --valid 90d",
      })
  int renew(
      @Option(
              names = "--client",
              paramLabel = "NAME",
              description = "Only the certificate of this client.")
          @Nullable String client,
      @Option(
              names = "--valid",
              paramLabel = "TIME",
              defaultValue = "365d",
              converter = Durations.class,
              description = "For how long. Default: ${DEFAULT-VALUE}.")
          Duration validity) {
    PartyHome home = session.party();
    Terminal terminal = session.terminal();
    List<List<@Nullable Object>> rows = new ArrayList<>();
    try (PartyIdentity identity =
        PartyIdentity.load(home.identity(), terminal.clock(), terminal.random())) {
      if (client == null) {
        rows.add(renewed("node", identity.renewNode(home.identity(), validity)));
      } else if (!home.clientNames().contains(client)) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "there is no client certificate '%s' in %s, only %s"
                .formatted(client, home.clients(), home.clientNames()),
            Map.of("client", client));
      }
      for (String name : client == null ? home.clientNames() : List.of(client)) {
        TlsIdentity renewed =
            ClientCertificates.renew(identity, home.certificate(name), home.key(name), validity);
        rows.add(renewed("client " + name, renewed));
      }
    }
    Path broker = home.broker().resolve("identity");
    if (client == null && Files.isDirectory(broker)) {
      rows.add(
          renewed(
              "broker",
              BrokerIdentity.renew(broker, validity, terminal.clock(), terminal.random())));
    }
    if (client == null) {
      session.notices().say("Start the node again now: until then it shows its old certificate.");
    }
    list(rows);
    return ExitCode.OK;
  }

  private static List<@Nullable Object> renewed(String what, TlsIdentity renewed) {
    return row(what, renewed.caller().toString(), renewed.leaf().getNotAfter().toInstant());
  }

  @Command(
      name = "show",
      description = "The party's fingerprints and certificates. Nothing secret is shown.",
      footer = {"Example:", "  parley identity show"})
  int show() {
    PartyHome home = session.party();
    List<List<@Nullable Object>> rows = new ArrayList<>();
    if (Files.isDirectory(home.identity())) {
      try (PartyIdentity identity =
          PartyIdentity.load(
              home.identity(), session.terminal().clock(), session.terminal().random())) {
        rows.add(row("party", identity.name(), null));
        rows.add(
            row(
                "ca",
                identity.ca().certificate().sha256().toString(),
                identity.ca().certificate().x509().getNotAfter().toInstant()));
        rows.add(row("signing key", identity.party().signingKey().digest().toString(), null));
        rows.add(
            row(
                "result key",
                identity.resultKey().publicKey().suite().name().toLowerCase(Locale.ROOT),
                null));
        rows.add(row("node", "", identity.node().tls().leaf().getNotAfter().toInstant()));
      }
    }
    for (String name : home.clientNames()) {
      TlsIdentity client = TlsIdentity.load(home.certificate(name), home.key(name));
      rows.add(
          row(
              "client " + name,
              client.caller().toString(),
              client.leaf().getNotAfter().toInstant()));
    }
    if (rows.isEmpty()) {
      home.client();
    }
    list(rows);
    return ExitCode.OK;
  }

  private void list(List<List<@Nullable Object>> rows) {
    session
        .printer()
        .list(List.of(Column.text("what"), Column.text("value"), Column.text("expires")), rows);
  }

  private static List<@Nullable Object> row(
      String what, String value, java.time.@Nullable Instant expires) {
    return Arrays.asList(what, value, expires);
  }
}
