package io.parley.peer.cli;

import io.parley.agreement.AgreementDraft;
import io.parley.agreement.Gate;
import io.parley.agreement.SignedAgreement;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.ListVerificationSetsResponse;
import io.parley.proto.broker.v1.StepCertificate;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "gate",
    description = {
      "Verification data of yours: rows that you made up, and what an app must make of them before an"
          + " enclave gets the key of your real rows."
    },
    footer = {
      "A dataset has a gate where the agreement says 'gate: required'. See gate.md.",
      "",
      "Examples:",
      "  parley gate try agreement.yaml gates/small",
      "  parley gate add 3f9a12cc gates/small gates/ties",
      "  parley gate list 3f9a12cc",
      "  parley gate add 3f9a12cc gates/match --step match",
    })
final class GateCommands {
  private static final List<Column> COLUMNS =
      List.of(
          Column.text("set"),
          Column.text("name"),
          Column.text("step"),
          Column.text("added"),
          Column.number("bytes"),
          Column.number("drawn"),
          Column.number("passed"),
          Column.number("failed"),
          Column.text("certified_until"));

  private static final String OF_STEP = "The step of the agreement's chain that it is for.";

  private final Session session;

  GateCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "add",
      description = {
        "Registers verification sets: reads each folder, checks it against the agreement, signs it with"
            + " your key, seals it to the broker."
      },
      footer = {
        "A folder has DATASET.csv (or .parquet) for every dataset of the agreement, also those of other",
        "parties, whose rows you make up; expected/RESULT.csv (or .json) for every result; and, if",
        "needed, gate.yaml. With --step: for all that the step reads, and all that it writes. Each job",
        "draws one of your sets at random.",
        "",
        "Example:",
        "  parley gate add 3f9a12cc gates/small gates/ties",
      })
  int add(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Parameters(paramLabel = "FOLDER", arity = "1..16", description = "A set each.")
          List<Path> folders,
      @Option(names = "--step", paramLabel = "NAME", description = OF_STEP) @Nullable String step)
      throws IOException {
    Digest agreement = session.agreements().find(which);
    SignedAgreement signed = Agreements.signed(session.broker().agreement(agreement));
    VerificationSets sets = new VerificationSets(session, session.party(), session.broker());
    List<StoredVerificationSet> added = new ArrayList<>();
    for (Path folder : folders) {
      added.add(sets.add(signed, named(step), folder));
    }
    show(added, List.of());
    return ExitCode.OK;
  }

  @Command(
      name = "list",
      description = "Your verification sets under an agreement. Nobody else sees them.",
      footer = {
        "drawn, passed, failed: how many enclaves got it, and how that ended. certified_until: that long",
        "the step runs on no set of yours, here and in your other agreements with the same step.",
        "",
        "Example:",
        "  parley gate list 3f9a12cc",
      })
  int list(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Option(names = "--step", paramLabel = "NAME", description = "Of this step alone.")
          @Nullable String step) {
    ListVerificationSetsResponse all =
        session.broker().verificationSets(session.agreements().find(which));
    show(
        all.getSetsList().stream()
            .filter(set -> step == null || set.getStep().equals(step))
            .toList(),
        all.getCertificatesList().stream()
            .filter(certificate -> step == null || certificate.getStep().equals(step))
            .toList());
    return ExitCode.OK;
  }

  @Command(
      name = "remove",
      description = "Draws a verification set of yours no more.",
      footer = {
        "A job that has drawn it goes on with it. Without any set no job gets keys.",
        "",
        "Example:",
        "  parley gate remove 3f9a12cc small",
      })
  int remove(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Parameters(paramLabel = "SET", description = "Its name, or its digest.") String set,
      @Option(names = "--step", paramLabel = "NAME", description = OF_STEP) @Nullable String step) {
    Digest agreement = session.agreements().find(which);
    List<StoredVerificationSet> found =
        session.broker().verificationSets(agreement).getSetsList().stream()
            .filter(each -> step == null || each.getStep().equals(step))
            .filter(each ->
                each.getName().equals(set)
                    || new Digest(each.getSetSha256()).toString().equals(set))
            .toList();
    if (found.size() != 1) {
      throw new RefusedException(
          Reason.VERIFICATION_SET_NOT_FOUND,
          "%d of your sets under this agreement are '%s'; expected one, see 'parley gate list'"
              .formatted(found.size(), set));
    }
    show(
        List.of(
            session
                .broker()
                .removeVerificationSet(agreement, new Digest(found.getFirst().getSetSha256()))),
        List.of());
    return ExitCode.OK;
  }

  @Command(
      name = "try",
      description = {
        "Rehearses verification sets on this machine, as 'parley try' does: runs the app on each in a real"
            + " enclave, and says what differs. Nothing is registered."
      },
      footer = {
        "Example:",
        "  parley gate try agreement.yaml gates/small gates/ties",
        "  parley gate try 3f9a12cc gates/small",
        "  parley gate try agreement.yaml gates/small --party hospital --app build/my-app",
        "  parley gate try agreement.yaml gates/match --step match",
      })
  int tryOut(
      @Parameters(
              paramLabel = "AGREEMENT",
              description =
                  "A YAML file, or the digest of one at the broker, or its first 8 digits.")
          String which,
      @Parameters(
              paramLabel = "FOLDER",
              index = "1..*",
              arity = "1..16",
              description = "A set each.")
          List<Path> folders,
      @Option(
              names = "--party",
              paramLabel = "PARTY",
              description = "Whose gate. Default: the only party with one.")
          @Nullable String party,
      @Option(
              names = "--app",
              paramLabel = "DIR",
              description = "The folder of an app of yours. Default: one that comes with Parley.")
          @Nullable Path app,
      @Option(
              names = "--step",
              paramLabel = "NAME",
              description = "The step of the agreement's chain, which runs alone.")
          @Nullable String step)
      throws IOException, InterruptedException {
    AgreementDraft draft = session.agreements().fileOrDigest(which);
    String owner = party == null ? onlyOwner(draft) : party;
    int worst = ExitCode.OK;
    for (Path folder : folders) {
      Rehearsal.Plan plan =
          GateRehearsal.plan(session, draft, new Gate(owner, named(step)), folder, app);
      session.notices().say("Set " + folder + ":");
      try (Rehearsal rehearsal = new Rehearsal(session, plan)) {
        worst = Math.max(worst, rehearsal.run());
      }
    }
    return worst;
  }

  private static String onlyOwner(AgreementDraft draft) {
    List<String> owners = GateRehearsal.owners(draft);
    if (owners.size() != 1) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "%s have datasets with 'gate: required' in the agreement; say which with --party"
              .formatted(owners.isEmpty() ? "no parties" : owners));
    }
    return owners.getFirst();
  }

  private static String named(@Nullable String step) {
    return step == null ? "" : step;
  }

  /** A step that is certified and has no set here has a row too. */
  private void show(List<StoredVerificationSet> sets, List<StepCertificate> certificates) {
    Map<String, @Nullable Instant> until = new TreeMap<>();
    certificates.forEach(certificate ->
        until.put(
            certificate.getStep(),
            JobViews.time(certificate.hasExpiresAt(), certificate.getExpiresAt())));
    List<List<@Nullable Object>> rows = new ArrayList<>();
    for (StoredVerificationSet set : sets) {
      rows.add(row(set, until.get(set.getStep())));
    }
    sets.forEach(set -> until.remove(set.getStep()));
    until.forEach((step, expires) ->
        rows.add(Arrays.asList(null, null, step, null, null, null, null, null, expires)));
    session.printer().list(COLUMNS, rows);
  }

  private static List<@Nullable Object> row(
      StoredVerificationSet set, @Nullable Instant certifiedUntil) {
    return Arrays.asList(
        new Digest(set.getSetSha256()).toString(),
        set.getName(),
        set.getStep(),
        JobViews.time(set.hasAddedAt(), set.getAddedAt()),
        set.getSizeBytes(),
        set.getDrawn(),
        set.getPassed(),
        set.getFailed(),
        certifiedUntil);
  }
}
