package io.parley.peer.cli;

import io.parley.agreement.AgreementDraft;
import io.parley.agreement.Dataset;
import io.parley.agreement.Gate;
import io.parley.agreement.GateRule;
import io.parley.agreement.SignedAgreement;
import io.parley.peer.cli.output.ResultForm;
import io.parley.peer.gates.GateFolder;
import io.parley.proto.broker.v1.ComparedClaim;
import io.parley.proto.broker.v1.Decision;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The verification gates of a rehearsal: those that it has sets for. */
final class GateRehearsal {
  private final Session session;
  private final List<GateData> gates;

  GateRehearsal(Session session, List<GateData> gates) {
    this.session = session;
    this.gates = gates;
  }

  /** The parties that ask for a gate. */
  static List<String> owners(AgreementDraft draft) {
    return draft.datasets().stream()
        .filter(dataset -> dataset.gate() == GateRule.REQUIRED)
        .map(Dataset::owner)
        .distinct()
        .sorted()
        .toList();
  }

  /** A rehearsal of one set alone: it runs on the same made-up rows, in the end. */
  static Rehearsal.Plan plan(
      Session session, AgreementDraft whole, Gate gate, Path folder, @Nullable Path app) {
    String owner = gate.owner();
    if (!owners(whole).contains(owner)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "no dataset of '%s' has 'gate: required' in the agreement".formatted(owner));
    }
    requireStep(whole, gate);
    AgreementDraft draft = gate.ofStep() ? whole.only(gate) : whole;
    GateFolder opened = GateFolder.open(folder);
    List<DataFile> data = new ArrayList<>();
    for (Dataset dataset : draft.datasets()) {
      @Nullable Path file = opened.tables().get(dataset.name());
      if (file == null) {
        throw new RefusedException(
            Reason.INVALID_VERIFICATION_SET,
            "%s: %s.csv is missing; every dataset needs a file".formatted(folder, dataset.name()));
      }
      data.add(new DataFile(dataset.owner(), dataset.name(), file));
    }
    return new Rehearsal.Plan(
        draft,
        data,
        opened.parameters(),
        new RehearsedApps(app == null ? List.of() : List.of(named(gate, app))),
        session.options().as,
        ResultForm.of(session.options().output),
        null,
        null,
        false,
        null,
        BrokerKeys.Vault.FILE,
        false,
        List.of(new GateData(owner, gate.step(), folder)),
        true);
  }

  private static void requireStep(AgreementDraft draft, Gate gate) {
    if (gate.ofStep() || draft.steps().isEmpty()) {
      return;
    }
    throw new RefusedException(
        Reason.INVALID_REQUEST,
        "the agreement has a chain; say with --step which of %s the set is for"
            .formatted(draft.steps()));
  }

  private static String named(Gate gate, Path app) {
    return gate.ofStep() ? gate.step() + "=" + app : app.toString();
  }

  /** The dataset, with its gate where there is a set to rehearse it with. */
  Dataset rehearsed(Dataset dataset) {
    boolean kept =
        dataset.gate() == GateRule.NONE
            || gates.stream().anyMatch(gate -> gate.party().equals(dataset.owner()));
    return kept ? dataset : dataset.withoutGate();
  }

  /** Says which gates are left out. */
  void notices(List<Dataset> datasets) {
    Set<String> left = new HashSet<>();
    for (Dataset dataset : datasets) {
      if (rehearsed(dataset).gate() != dataset.gate() && left.add(dataset.owner())) {
        session
            .notices()
            .say(
                "Note: the verification gate of %s is left out; give its set with --gate %s=FOLDER."
                    .formatted(dataset.owner(), dataset.owner()));
      }
    }
  }

  /** Registers all sets at the rehearsal's broker, each by its owner. */
  void register(Cast cast, SignedAgreement signed) throws IOException {
    for (GateData gate : gates) {
      if (!signed.agreement().gateOwners().contains(gate.party())) {
        throw new RefusedException(
            Reason.INVALID_REQUEST,
            "--gate %s: the agreement has no dataset of theirs with 'gate: required'"
                .formatted(gate.party()));
      }
      Cast.Player player = cast.player(gate.party());
      StoredVerificationSet set =
          new VerificationSets(session, player.home(), player.broker())
              .add(signed, gate.step(), gate.folder());
      session
          .notices()
          .say(
              "%s registered verification set '%s': %d bytes"
                  .formatted(gate.party(), set.getName(), set.getSizeBytes()));
    }
  }

  /** How each gate went, as its owner may read it in the broker's log. */
  void report(Cast cast, String jobId) {
    gates.stream()
        .map(GateData::party)
        .distinct()
        .forEach(owner ->
            cast.player(owner).broker().decisions(jobId, decision -> report(owner, decision)));
  }

  private void report(String owner, Decision decision) {
    List<ComparedClaim> claims = decision.getComparison().getClaimsList();
    if (claims.isEmpty() || !claims.getFirst().getClaim().equals("gate")) {
      return;
    }
    session.notices().say("Gate of %s: %s".formatted(owner, claims.getFirst().getSeen()));
    for (ComparedClaim claim : claims.subList(1, claims.size())) {
      session
          .notices()
          .say(
              claim.getExpected().isEmpty()
                  ? "  %s: %s".formatted(shown(claim), claim.getSeen())
                  : "  %s: expected %s, came %s"
                      .formatted(shown(claim), claim.getExpected(), claim.getSeen()));
    }
  }

  private static String shown(ComparedClaim claim) {
    return claim.getClaim().replaceFirst("^gate ", "");
  }
}
