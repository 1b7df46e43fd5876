package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementDraft;
import io.parley.agreement.Chain;
import io.parley.agreement.Environment;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.SigningKey;
import io.parley.peer.cli.output.ResultForm;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.DatasetHead;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobState;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** One run of {@code parley try}: what a person would do by hand at each party, in order. */
final class Rehearsal implements AutoCloseable {
  /**
   * What is rehearsed.
   *
   * @param apps folders of apps that do not come with Parley
   * @param submitter the party that asks for the job; null for a result's first recipient
   * @param memory of each enclave, in bytes
   * @param evidence null for what the file accepts
   * @param vault where the broker keeps its KEKs
   * @param gates verification sets; gates of other owners are left out
   * @param gatesOnly whether only they are of interest, and not the result
   */
  record Plan(
      AgreementDraft draft,
      List<DataFile> data,
      Map<String, String> parameters,
      RehearsedApps apps,
      @Nullable String submitter,
      ResultForm form,
      @Nullable Path out,
      @Nullable Long memory,
      boolean relay,
      @Nullable RehearsedEvidence evidence,
      BrokerKeys.Vault vault,
      boolean keep,
      List<GateData> gates,
      boolean gatesOnly) {}

  private final Session session;
  private final Plan plan;
  private final Stage stage;
  private final GateRehearsal gates;

  Rehearsal(Session session, Plan plan) throws IOException {
    this.session = session;
    this.plan = plan;
    this.stage = new Stage(plan.keep());
    this.gates = new GateRehearsal(session, plan.gates());
  }

  int run() throws IOException, InterruptedException {
    AgreementDraft draft = plan.draft();
    for (DataFile data : plan.data()) {
      if (!Files.isReadable(data.file())) {
        throw refused(
            "cannot read %s, the rows of %s:%s", data.file(), data.party(), data.dataset());
      }
    }
    Cast cast = new Cast(session, stage, draft.parties());
    say("Starting a key broker and a node for each of " + String.join(", ", draft.parties()));
    RehearsedEvidence evidence = RehearsedEvidence.of(plan.evidence(), draft.evidence());
    cast.start(
        new Cast.NodeSettings(
            plan.relay(), plan.memory(), evidence == RehearsedEvidence.EMULATED_TPM, plan.vault()));
    List<Digest> apps = addApps(cast, draft);
    SignedAgreement agreement = agree(cast, draft, apps, evidence);
    requireData(agreement.agreement());
    gates.register(cast, agreement);
    addData(cast, agreement);
    return runJob(cast, agreement);
  }

  @Override
  public void close() {
    if (plan.keep()) {
      session.notices().say("Kept: " + stage.folder());
    }
    stage.close();
  }

  /** To the submitter's node; from there apps travel by their digests. */
  private List<Digest> addApps(Cast cast, AgreementDraft draft) throws IOException {
    String party = plan.submitter() == null ? cast.parties().getFirst() : plan.submitter();
    List<Digest> apps = new ArrayList<>();
    List<Path> folders = plan.apps().folders(draft, session.apps()::bundled);
    StepApps.requireRules(draft, folders::get);
    for (Path folder : folders) {
      apps.add(Cast.at(party, () -> session.apps().add(cast.player(party).node(), folder)));
    }
    return apps;
  }

  /** Local values for broker, shim and app: a rehearsal cannot have those that the file pins. */
  private SignedAgreement agree(
      Cast cast, AgreementDraft draft, List<Digest> apps, RehearsedEvidence evidence) {
    Cast.Player first = cast.first();
    Digest shim = new Digest(first.node().node().getShimSha256());
    var members = first.home().membership().current();
    Agreement resolved = draft.atAnyBroker().resolve(members, _ -> apps.getFirst(), () -> shim);
    @Nullable Chain chain = resolved.chain() == null ? null : resolved.chain().withApps(apps);
    Digest app = chain == null ? apps.getFirst() : chain.digest();
    Agreement local =
        new Agreement(
            resolved.name(),
            resolved.parties(),
            members.broker().digest(),
            app,
            resolved.datasets().stream().map(gates::rehearsed).toList(),
            resolved.compute(),
            resolved.results(),
            new Environment(
                List.of(evidence.kind()),
                evidence.platforms(cast, session),
                List.of(shim),
                resolved.environment().tests(),
                resolved.environment().isolation(),
                resolved.environment().hpke()),
            withoutParent(resolved.terms()),
            resolved.parameters(),
            List.of(),
            resolved.queries(),
            chain);
    gates.notices(resolved.datasets());
    notice("parent", resolved.terms().parent() == null);
    notice("broker", !draft.namesBroker());
    notice("app", chain != null || resolved.app().equals(app));
    evidence.notices(resolved.environment()).forEach(session.notices()::say);
    notice("environment.shim", resolved.environment().shim().contains(shim));
    SignedAgreement signed = SignedAgreement.unsigned(local);
    for (String party : local.partyNames()) {
      try (SigningKey key = cast.player(party).home().signingKey()) {
        signed = signed.with(signed.sign(party, key));
      }
    }
    say("Signed by all: '" + local.name() + "' " + signed.digest());
    AgreementViews.warnings(local).forEach(session.notices()::say);
    propose(cast, signed);
    return signed;
  }

  /** A rehearsal's broker has nothing that could be replaced. */
  private static Terms withoutParent(Terms terms) {
    return new Terms(terms.changes(), null, terms.expires(), terms.maxJobs(), terms.window());
  }

  /** The first proposes with its signature; each other party brings its own. */
  private static void propose(Cast cast, SignedAgreement signed) {
    SignedAgreement unsigned = SignedAgreement.unsigned(signed.agreement());
    String proposer = signed.signatures().getFirst().keyId();
    for (var signature : signed.signatures()) {
      String party = signature.keyId();
      BrokerClient broker = cast.player(party).broker();
      AgreementRecord _ =
          Cast.at(
              party,
              () ->
                  party.equals(proposer)
                      ? broker.propose(unsigned.with(signature).envelope().toProto())
                      : broker.sign(
                          signed.digest(),
                          Signature.newBuilder().setKeyid(party).setSig(signature.sig()).build()));
    }
  }

  private void requireData(Agreement agreement) {
    Map<String, String> wanted = new TreeMap<>();
    agreement.datasets().forEach(d -> wanted.put(d.name(), d.owner()));
    TreeSet<String> given = new TreeSet<>();
    for (DataFile data : plan.data()) {
      String owner = wanted.get(data.dataset());
      if (owner == null || !owner.equals(data.party())) {
        throw refused(
            "--data %s:%s: %s",
            data.party(),
            data.dataset(),
            owner == null
                ? "the agreement has no such dataset, only " + wanted.keySet()
                : "the agreement says that it is " + owner + "'s");
      }
      if (!given.add(data.dataset())) {
        throw refused("--data gives the rows of '%s' twice", data.dataset());
      }
    }
    wanted.keySet().removeAll(given);
    if (!wanted.isEmpty()) {
      throw refused("--data is missing for %s", wanted);
    }
  }

  private void addData(Cast cast, SignedAgreement agreement) throws IOException {
    for (DataFile data : plan.data()) {
      DatasetHead head =
          DatasetHead.newBuilder()
              .setName(data.dataset())
              .setFormat(DatasetCommands.formatOf(data.file()))
              .setFileName(data.file().toString())
              .setAgreementSha256(agreement.digest().value())
              .build();
      long rows =
          Cast.at(
              data.party(),
              () ->
                  cast.player(data.party())
                      .node()
                      .addDataset(head, data.file(), session)
                      .getRows());
      say(data.party() + " added " + data.dataset() + ": " + rows + " rows");
    }
  }

  private int runJob(Cast cast, SignedAgreement agreement) throws IOException {
    String party = submitter(agreement.agreement());
    Cast.Player player = cast.player(party);
    CreateJobRequest request =
        CreateJobRequest.newBuilder()
            .setRequestId("rehearsal")
            .setAgreementSha256(agreement.digest().value())
            .putAllParameters(plan.parameters())
            .build();
    Job job = Cast.at(party, () -> player.analystNode().createJob(request));
    say(party + " asked for job " + job.getJobId());
    Job last = new JobWatch(session).untilEnd(player.analystNode(), job.getJobId());
    gates.report(cast, job.getJobId());
    int code = JobViews.exitCode(last, session);
    if (last.getState() == JobState.JOB_STATE_SUCCEEDED && !plan.gatesOnly()) {
      List<ResultRule> mine =
          agreement.agreement().results().stream()
              .filter(rule -> rule.recipients().contains(party))
              .toList();
      for (ResultRule rule : mine) {
        print(player, last, agreement, rule.name(), mine.size() > 1);
      }
    }
    return code;
  }

  private void print(
      Cast.Player player, Job job, SignedAgreement agreement, String result, boolean several)
      throws IOException {
    Results results = new Results(session, player.home(), player.analystNode());
    if (several) {
      say("Result " + result + ":");
    }
    try (Results.Fetched fetched = results.fetch(job, agreement, result)) {
      Path out = plan.out();
      Path file =
          out == null || !several ? out : out.resolveSibling(result + "-" + out.getFileName());
      results.open(fetched, plan.form(), file);
    }
  }

  private String submitter(Agreement agreement) {
    String asked = plan.submitter();
    if (asked == null) {
      return agreement.results().getFirst().recipients().getFirst();
    }
    if (!agreement.partyNames().contains(asked)) {
      throw refused("--as %s: the agreement's parties are %s", asked, agreement.partyNames());
    }
    return asked;
  }

  private void notice(String what, boolean same) {
    if (!same) {
      session
          .notices()
          .say(
              "Note: '" + what + "' of the file names another value; this rehearsal uses its own.");
    }
  }

  private void say(String line) {
    session.notices().say(line);
  }

  private static RefusedException refused(String message, Object... parts) {
    return new RefusedException(Reason.INVALID_REQUEST, message.formatted(parts));
  }
}
