package io.parley.peer.cli;

import io.parley.agreement.Party;
import io.parley.identity.Member;
import io.parley.identity.VerifyingKey;
import io.parley.peer.witness.WitnessFiles;
import io.parley.tlog.SignedCheckpoint;
import io.parley.tlog.Witness;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Whose cosignatures are known, and what this home's own node cosigned.
 *
 * @param state the node's folder for its state; null when there is no node here
 */
record LogWitnesses(List<Party> parties, @Nullable Path state) {
  /** Nobody's: for whoever has no home. */
  static final LogWitnesses NONE = new LogWitnesses(List.of(), null);

  /** The members' of a home. */
  static LogWitnesses ofHome(PartyHome home) {
    return new LogWitnesses(
        home.membership().current().members().stream().map(Member::party).toList(),
        home.root().resolve("state"));
  }

  /** The parties that cosigned a checkpoint, with the keys that are known for them. */
  List<String> cosigners(SignedCheckpoint checkpoint) {
    return parties.stream()
        .filter(party ->
            Witness.of(party.name(), party.witnessKey()).cosignedAt(checkpoint).isPresent())
        .map(Party::name)
        .toList();
  }

  /** What the node of this home last cosigned. */
  Optional<SignedCheckpoint> lastCosigned(VerifyingKey broker) {
    return state == null ? Optional.empty() : WitnessFiles.of(state, broker).cosigned();
  }
}
