package io.parley.peer.cli;

import io.parley.agreement.Gate;
import io.parley.agreement.SignedAgreement;
import io.parley.gate.SignedVerificationSet;
import io.parley.gate.VerificationSet;
import io.parley.identity.SigningKey;
import io.parley.peer.gates.GateFolder;
import io.parley.proto.broker.v1.StoredVerificationSet;
import io.parley.seal.HpkePublicKey;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** From a folder to the broker: read, checked, signed by its owner, sealed to the broker. */
final class VerificationSets {
  private final Session session;
  private final PartyHome home;
  private final BrokerClient broker;

  VerificationSets(Session session, PartyHome home, BrokerClient broker) {
    this.session = session;
    this.home = home;
    this.broker = broker;
  }

  /** Adds it; nothing leaves before all of it was checked. */
  StoredVerificationSet add(SignedAgreement signed, String step, Path folder) throws IOException {
    VerificationSet set = read(signed, step, folder);
    HpkePublicKey key = broker.gateKey().open(signed.agreement().broker());
    try (SigningKey signing = home.signingKey()) {
      return broker.addVerificationSet(
          signed.digest(),
          SignedVerificationSet.sign(set, signing).seal(key, signed.digest(), home.name()));
    }
  }

  private VerificationSet read(SignedAgreement signed, String step, Path folder)
      throws IOException {
    Path temporary =
        Files.createTempDirectory(
            "parley-gate-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    try {
      return GateFolder.open(folder)
          .read(signed, new Gate(home.name(), step), temporary, session.terminal().random());
    } finally {
      Files.deleteIfExists(temporary);
    }
  }
}
