package io.parley.peer.cli;

import ch.qos.logback.classic.Level;
import io.parley.identity.CertificateRequest;
import io.parley.identity.EnclaveIdentity;
import io.parley.identity.PartyIdentity;
import io.parley.peer.EnclaveMain;
import io.parley.peer.config.EnclaveConfigFile;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "enclave",
    description = {
      "The enclave server: runs your party's enclaves inside a confidential VM, for your party's node,"
          + " which reaches it over the network."
    },
    footer = {
      "In the VM:      parley enclave init --dir /var/lib/parley --party hospital --name vm1",
      "At the node:    parley enclave enroll enclave.csr > enclave.crt",
      "In the VM:      parley enclave accept enclave.crt --dir /var/lib/parley",
      "                parley enclave serve --dir /var/lib/parley",
      "At the node, in parley.yaml:",
      "  enclave: {remote: {address: vm1.example:7705, name: vm1}}",
      "",
      "Example:",
      "  parley enclave serve --dir /var/lib/parley",
    })
final class EnclaveCommands {
  private static final String CONFIG = "enclave.yaml";
  private static final String IDENTITY = "identity";

  private final Session session;

  EnclaveCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "init",
      description = {
        "In the VM: makes the server's folder with a fresh key, the request for its certificate, and"
            + " enclave.yaml."
      },
      footer = {
        "The key never leaves the folder. Whoever has it can take your node's place for its data: keep",
        "the folder in the VM's memory, or on a disk that only the VM can read.",
        "",
        "Example:",
        "  parley enclave init --dir /var/lib/parley --party hospital --name vm1 \\",
        "    --listen 0.0.0.0:7705",
      })
  int init(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              required = true,
              description = "The server's folder; made.")
          Path dir,
      @Option(
              names = "--party",
              paramLabel = "NAME",
              required = true,
              description = "The party whose node it will serve.")
          String party,
      @Option(
              names = "--name",
              paramLabel = "NAME",
              required = true,
              description = "Its own name, as the node's parley.yaml will have it.")
          String name,
      @Option(
              names = "--listen",
              paramLabel = "HOST:PORT",
              defaultValue = "127.0.0.1:7705",
              description = "Where it will listen. Default: ${DEFAULT-VALUE}.")
          String listen,
      @Option(
              names = "--evidence",
              paramLabel = "KIND",
              defaultValue = "simulated",
              description = "What its platform makes. Default: ${DEFAULT-VALUE}.")
          String evidence)
      throws IOException {
    String config = Templates.enclave(listen, evidence);
    // Said now rather than when it is started.
    var unused = EnclaveConfigFile.parse(config, CONFIG);
    if (Files.exists(dir.resolve(CONFIG))) {
      throw new RefusedException(
          Reason.ALREADY_EXISTS,
          "%s is an enclave server's folder already".formatted(dir),
          Map.of("folder", dir.toString()));
    }
    Files.createDirectories(dir);
    Path identity = dir.resolve(IDENTITY);
    EnclaveIdentity.create(identity, party, name, session.terminal().random());
    Files.writeString(dir.resolve(CONFIG), config);
    session.notices().say("Next, at the node of '" + party + "': parley enclave enroll FILE");
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("folder", dir.toString());
    fields.put("request", EnclaveIdentity.request(identity).toString());
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "enroll",
      description = {
        "At the party's home: issues the certificate for an enclave server's request, and prints it."
      },
      footer = {
        "Your node will send your own rows to whoever holds the key of that request: look where it came",
        "from before you enroll it.",
        "",
        "Examples:",
        "  parley enclave enroll enclave.csr > enclave.crt",
        "  parley enclave enroll enclave.csr --valid 30d > enclave.crt",
      })
  int enroll(
      @Parameters(paramLabel = "FILE", description = "The request, as init made it.") Path request,
      @Option(
              names = "--valid",
              paramLabel = "TIME",
              defaultValue = "365d",
              converter = Durations.class,
              description = "For how long. Default: ${DEFAULT-VALUE}.")
          Duration validity) {
    CertificateRequest wanted = CertificateRequest.parse(request);
    try (PartyIdentity identity =
        PartyIdentity.load(
            session.party().identity(), session.terminal().clock(), session.terminal().random())) {
      session.terminal().out().print(EnclaveIdentity.issue(identity, wanted, validity));
      session.terminal().out().flush();
    }
    session
        .notices()
        .say("Enrolled " + wanted.holder() + "; in the VM: parley enclave accept FILE");
    return ExitCode.OK;
  }

  @Command(
      name = "accept",
      description = "In the VM: puts the certificate that enroll printed beside the server's key.",
      footer = {"Example:", "  parley enclave accept enclave.crt --dir /var/lib/parley"})
  int accept(
      @Parameters(paramLabel = "FILE", description = "What enroll printed.") Path certificate,
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              required = true,
              description = "The server's folder.")
          Path dir) {
    EnclaveIdentity accepted = EnclaveIdentity.accept(dir.resolve(IDENTITY), certificate);
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("enclave", accepted.tls().caller().toString());
    fields.put("expires", accepted.tls().leaf().getNotAfter().toInstant());
    fields.put("ca", accepted.tls().ca().sha256().toString());
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "serve",
      description = "In the VM: runs the enclave server until it is told to end (ctrl-C).",
      footer = {
        "It starts enclaves for its party's node and for nobody else. As root it still starts every",
        "enclave as a user without rights.",
        "",
        "Example:",
        "  parley enclave serve --dir /var/lib/parley",
      })
  int serve(
      @Option(
              names = "--dir",
              paramLabel = "DIR",
              required = true,
              description = "The server's folder.")
          Path dir) {
    Parley.logAtLeast(Level.INFO);
    return EnclaveMain.run("--dir", dir.toString());
  }
}
