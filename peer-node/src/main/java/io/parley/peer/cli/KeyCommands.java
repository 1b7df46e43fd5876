package io.parley.peer.cli;

import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.broker.v1.DatasetKey;
import io.parley.wire.Digest;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "key",
    description = {
      "The data keys of your datasets under an agreement, as the broker keeps them: a new epoch, the end"
          + " of an old one, the end of all. Nobody sees a key here."
    },
    footer = {
      "Examples:",
      "  parley key list 3f9a12cc",
      "  parley key rotate 3f9a12cc admissions",
    })
final class KeyCommands {
  private static final String STATE_PREFIX = "KEY_STATE_";
  private static final List<Column> COLUMNS =
      List.of(
          Column.text("dataset"),
          Column.number("epoch"),
          Column.text("state"),
          Column.number("first_job"),
          Column.text("created"),
          Column.text("retired"));

  private final Session session;

  KeyCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "list",
      description = "Datasets, the epochs of their keys, and where each stands.",
      footer = {
        "CURRENT: new jobs get it. PREVIOUS: jobs that were counted before the next epoch get it.",
        "RETIRED, REVOKED, SHREDDED: nobody gets it any more.",
        "",
        "Example:",
        "  parley key list 3f9a12cc",
      })
  int list(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which) {
    show(session.broker().keys(session.agreements().find(which)));
    return ExitCode.OK;
  }

  @Command(
      name = "rotate",
      description = "Makes a new key for a dataset of yours; jobs from now on get that.",
      footer = {
        "Jobs that were counted before keep the key of their epoch, until you retire it.",
        "",
        "Example:",
        "  parley key rotate 3f9a12cc admissions",
      })
  int rotate(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Parameters(paramLabel = "DATASET", description = "A dataset of yours.") String dataset) {
    Digest agreement = session.agreements().find(which);
    int newest =
        session.broker().keys(agreement).stream()
            .filter(key -> key.getDataset().equals(dataset))
            .mapToInt(DatasetKey::getEpoch)
            .max()
            .orElse(1);
    DatasetKey key = session.broker().rotate(agreement, dataset, newest);
    session
        .notices()
        .say(
            "Jobs from number %d on get epoch %d. Older ones go on with theirs until you say"
                    .formatted(key.getFirstJob(), key.getEpoch())
                + " 'parley key retire'.");
    show(List.of(key));
    return ExitCode.OK;
  }

  @Command(
      name = "retire",
      description = "Ends an older epoch of a dataset of yours: nobody gets it any more.",
      footer = {
        "Jobs that were counted under it and whose enclaves have no keys yet will fail. It cannot be",
        "undone.",
        "",
        "Example:",
        "  parley key retire 3f9a12cc admissions 1 --yes",
      })
  int retire(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Parameters(paramLabel = "DATASET", description = "A dataset of yours.") String dataset,
      @Parameters(paramLabel = "EPOCH", description = "Not the newest: rotate first.") int epoch,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    Digest agreement = session.agreements().find(which);
    session.confirm(
        "Retire epoch %d of '%s' for good? Jobs that were counted under it get no keys any more."
            .formatted(epoch, dataset),
        yes);
    show(List.of(session.broker().retire(agreement, dataset, epoch)));
    return ExitCode.OK;
  }

  @Command(
      name = "revoke",
      description = "Takes a dataset of yours back, at once: no enclave gets its key any more.",
      footer = {
        "No new job starts under the agreement, which needs the dataset. An enclave that has the key",
        "keeps it until its job ends. It cannot be undone; agree on a revision to go on.",
        "",
        "Example:",
        "  parley key revoke 3f9a12cc admissions --yes",
      })
  int revoke(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Parameters(paramLabel = "DATASET", description = "A dataset of yours.") String dataset,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    Digest agreement = session.agreements().find(which);
    session.confirm("Release '%s' no more under this agreement, for good?".formatted(dataset), yes);
    show(List.of(session.broker().revoke(agreement, dataset)));
    return ExitCode.OK;
  }

  @Command(
      name = "shred",
      description = "Destroys all keys of an agreement that is halted or expired. Any party may.",
      footer = {
        "The KEK is destroyed in its vault, and what it wrapped is deleted; the agreement never runs",
        "again. It cannot be undone, and it reaches no backup of the broker's folder.",
        "",
        "Example:",
        "  parley key shred 3f9a12cc --yes",
      })
  int shred(
      @Parameters(paramLabel = "AGREEMENT", description = "Its digest, or the first 8 digits.")
          String which,
      @Option(
              names = {"-y", "--yes"},
              description = "Do not ask.")
          boolean yes) {
    Digest agreement = session.agreements().find(which);
    session.confirm(
        "Destroy all keys of agreement %s? Nothing brings them back.".formatted(agreement), yes);
    AgreementRecord record = Agreements.checked(session.broker().shred(agreement), agreement);
    session.notices().say("Its keys are destroyed.");
    session.printer().thing(AgreementViews.record(record, Agreements.signed(record)));
    return ExitCode.OK;
  }

  private void show(List<DatasetKey> keys) {
    session
        .printer()
        .list(
            COLUMNS,
            keys.stream()
                .sorted(
                    Comparator.comparing(DatasetKey::getDataset)
                        .thenComparing(DatasetKey::getEpoch))
                .map(KeyCommands::row)
                .toList());
  }

  private static List<@Nullable Object> row(DatasetKey key) {
    String state = key.getState().name();
    return Arrays.asList(
        key.getDataset(),
        key.getEpoch(),
        state.startsWith(STATE_PREFIX) ? state.substring(STATE_PREFIX.length()) : state,
        key.getFirstJob(),
        JobViews.time(key.hasCreatedAt(), key.getCreatedAt()),
        JobViews.time(key.hasRetiredAt(), key.getRetiredAt()));
  }
}
