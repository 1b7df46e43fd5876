package io.parley.peer.cli;

import io.parley.agreement.AgreementYaml;
import io.parley.agreement.SignedAgreement;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "agreement",
    description = "What may run on which data, for whom, how often: drafted by one, signed by all.",
    footer = {
      "The way of an agreement:",
      "  parley agreement draft agreement.yaml -o agreement.bin    the exact bytes, to look at",
      "  parley agreement propose agreement.yaml                   to the broker, with your signature",
      "  parley agreement sign 3f9a12cc                            by each other party",
      "With the last signature it is ACTIVE, and jobs can run under it.",
    })
final class AgreementCommands {
  private final Session session;

  AgreementCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "draft",
      description = {
        "Makes the exact bytes that would be signed, from a YAML file: names become the keys that the"
            + " consortium knows, 'app: sql' the digest of the app, an absent 'shim' or 'broker' your own."
      },
      footer = {
        "All mistakes in the file are reported at once, each with line and column.",
        "",
        "Examples:",
        "  parley agreement draft agreement.yaml",
        "  parley agreement draft agreement.yaml -o agreement.bin",
      })
  int draft(
      @Parameters(paramLabel = "FILE.yaml", description = "The agreement as people write it.")
          Path file,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Write the bytes there. Default: only show them.")
          @Nullable Path out)
      throws IOException {
    SignedAgreement draft = session.agreements().draft(file);
    if (out != null) {
      Files.write(out, draft.toEnvelope().toByteArray());
      session.notices().say("Written: " + out + ", unsigned");
    }
    session.printer().thing(AgreementViews.terms(draft));
    return ExitCode.OK;
  }

  @Command(
      name = "propose",
      description = "Shows an agreement, signs it for your party and hands it to the broker.",
      footer = {
        "Examples:",
        "  parley agreement propose agreement.yaml",
        "  parley agreement propose agreement.bin --yes",
      })
  int propose(
      @Parameters(
              paramLabel = "FILE",
              description = "A YAML file, or bytes from 'agreement draft -o'.")
          Path file,
      @Option(names = "--unsigned", description = "Propose it without your signature.")
          boolean unsigned,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes)
      throws IOException {
    Agreements agreements = session.agreements();
    SignedAgreement draft = agreements.read(file);
    if (!unsigned) {
      draft = agreements.signAfterAsking(draft, yes);
    }
    AgreementRecord record = agreements.propose(draft);
    show(record);
    return ExitCode.OK;
  }

  @Command(
      name = "revise",
      description = {
        "Proposes a revision of an agreement, with your signature: it takes that one's place when all of"
            + " the same parties have signed it."
      },
      footer = {
        "The agreement must say 'changes: unanimous' and be in force. What the revision changes is shown,",
        "field by field, to everyone who signs. Jobs that were counted before finish as they began.",
        "",
        "Example:",
        "  parley agreement revise 3f9a12cc agreement.yaml",
      })
  int revise(
      @Parameters(
              paramLabel = "DIGEST",
              description = "What it replaces: the digest, or its first 8 digits.")
          String parent,
      @Parameters(paramLabel = "FILE.yaml", description = "All of the new agreement.") Path file,
      @Option(names = "--unsigned", description = "Propose it without your signature.")
          boolean unsigned,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes)
      throws IOException {
    Agreements agreements = session.agreements();
    SignedAgreement draft = agreements.revision(file, agreements.find(parent));
    if (!unsigned) {
      draft = agreements.signAfterAsking(draft, yes);
    }
    show(agreements.propose(draft));
    return ExitCode.OK;
  }

  @Command(
      name = "show",
      description = {
        "One agreement: its terms, who has signed, how many jobs are left, and what it changes of the one"
            + " that it replaces."
      },
      footer = {
        "Examples:",
        "  parley agreement show 3f9a12cc",
        "  parley agreement show 3f9a12cc --yaml",
        "  parley agreement show agreement.bin",
      })
  int show(
      @Parameters(
              paramLabel = "DIGEST|FILE",
              description = "The agreement's digest, or its first 8 digits; or a file.")
          String which,
      @Option(names = "--yaml", description = "As YAML, with every digest and default written out.")
          boolean yaml)
      throws IOException {
    Agreements agreements = session.agreements();
    Path file = Path.of(which);
    AgreementRecord record = Files.isRegularFile(file) ? null : agreements.record(which);
    SignedAgreement signed = record == null ? agreements.read(file) : Agreements.signed(record);
    if (yaml) {
      session.terminal().out().print(AgreementYaml.write(signed.agreement()));
    } else if (record == null) {
      session.printer().thing(AgreementViews.terms(signed));
    } else {
      show(record);
    }
    return ExitCode.OK;
  }

  private void show(AgreementRecord record) {
    SignedAgreement signed = Agreements.signed(record);
    Map<String, @Nullable Object> fields = AgreementViews.record(record, signed);
    if (signed.agreement().terms().parent() != null) {
      fields.put("changed", session.agreements().changes(signed));
    }
    session.printer().thing(fields);
  }

  @Command(
      name = "sign",
      description = "Shows a proposed agreement and adds your party's signature.",
      footer = {
        "The signature is over the exact bytes that the digest names, and is made with the signing key",
        "in your party's home; the node does not have it.",
        "",
        "Examples:",
        "  parley agreement sign 3f9a12cc",
        "  parley agreement sign 3f9a12cc --yes",
      })
  int sign(
      @Parameters(paramLabel = "DIGEST", description = "The agreement, or its first 8 digits.")
          String which,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    Agreements agreements = session.agreements();
    SignedAgreement proposed = Agreements.signed(agreements.record(which));
    SignedAgreement signed = agreements.signAfterAsking(proposed, yes);
    AgreementRecord record = agreements.addSignature(signed);
    show(record);
    return ExitCode.OK;
  }

  @Command(
      name = "list",
      description = "The agreements that name your party.",
      footer = {"Example:", "  parley agreement list --output csv"})
  int list() {
    session
        .printer()
        .list(
            List.of(
                Column.text("digest"),
                Column.text("name"),
                Column.text("state"),
                Column.text("parties"),
                Column.text("missing"),
                Column.text("jobs"),
                Column.text("expires")),
            session.agreements().all().stream()
                .map(record -> AgreementViews.row(record, Agreements.signed(record)))
                .toList());
    return ExitCode.OK;
  }

  @Command(
      name = "halt",
      description = "Stops an agreement at once: no further key is released. Any party may.",
      footer = {"Example:", "  parley agreement halt 3f9a12cc --reason 'audit of 21 November'"})
  int halt(
      @Parameters(paramLabel = "DIGEST", description = "The agreement, or its first 8 digits.")
          String which,
      @Option(
              names = "--reason",
              paramLabel = "TEXT",
              description = "For the other parties to read.")
          @Nullable String reason) {
    AgreementRecord record =
        session.agreements().halt(session.agreements().find(which), reason == null ? "" : reason);
    session
        .notices()
        .say("Halted. It runs again when every party has said 'parley agreement resume'.");
    if (!record.getSupersededBy().isEmpty()) {
      session
          .notices()
          .warn(
              "Its revision %s is another agreement and goes on; halt that too if it must stop."
                  .formatted(new Digest(record.getSupersededBy())));
    }
    show(record);
    return ExitCode.OK;
  }

  @Command(
      name = "resume",
      description = "Asks to run a halted agreement again; it does when every party has asked.",
      footer = {"Example:", "  parley agreement resume 3f9a12cc"})
  int resume(
      @Parameters(paramLabel = "DIGEST", description = "The agreement, or its first 8 digits.")
          String which) {
    Digest digest = session.agreements().find(which);
    AgreementRecord record = session.agreements().resume(digest);
    show(record);
    return ExitCode.OK;
  }

  /** For messages about a file that is neither form. */
  static RefusedException notAnAgreement(Path file) {
    return new RefusedException(
        Reason.INVALID_AGREEMENT,
        "%s is neither YAML (name ends in .yaml or .yml) nor bytes from 'agreement draft -o'"
            .formatted(file));
  }
}
