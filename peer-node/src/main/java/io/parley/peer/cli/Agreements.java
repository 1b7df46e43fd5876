package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementDraft;
import io.parley.agreement.AgreementYaml;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.DsseSignature;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.SigningKey;
import io.parley.proto.agreement.v1.Signature;
import io.parley.proto.broker.v1.AgreementRecord;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Agreements: from files, from the broker, and signed with the party's key. */
final class Agreements {
  private static final int FILE_BYTES_MAX = 2 << 20;

  private final Session session;

  Agreements(Session session) {
    this.session = session;
  }

  /** A draft from YAML, with every name resolved. */
  SignedAgreement draft(Path yaml) throws IOException {
    AgreementDraft draft = AgreementYaml.parse(text(yaml), yaml.toString());
    StepApps.requireRules(draft, step -> session.apps().known(draft.apps().get(step)));
    Agreement agreement =
        draft.resolve(
            session.party().membership().current(),
            name -> session.apps().digest(name),
            session::localShim);
    return SignedAgreement.unsigned(agreement);
  }

  /** A draft from YAML of a revision of that agreement; the file need not name it. */
  SignedAgreement revision(Path yaml, Digest parent) throws IOException {
    Agreement draft = draft(yaml).agreement();
    Terms terms = draft.terms();
    if (terms.parent() != null && !terms.parent().equals(parent)) {
      throw new RefusedException(
          Reason.INVALID_REVISION,
          "%s names %s as its parent, not %s; correct it, or leave 'parent' out"
              .formatted(yaml, terms.parent(), parent));
    }
    return SignedAgreement.unsigned(
        draft.withTerms(
            new Terms(terms.changes(), parent, terms.expires(), terms.maxJobs(), terms.window())));
  }

  /** What a revision changes of its parent, which the broker has; nothing where there is none. */
  List<String> changes(SignedAgreement agreement) {
    @Nullable Digest parent = agreement.agreement().terms().parent();
    if (parent == null) {
      return List.of();
    }
    AgreementRecord replaced = checked(session.broker().agreement(parent), parent);
    return AgreementChanges.between(signed(replaced), agreement);
  }

  /** From YAML or from an envelope's bytes, by the name of the file. */
  SignedAgreement read(Path file) throws IOException {
    String name = file.getFileName().toString();
    if (name.endsWith(".yaml") || name.endsWith(".yml")) {
      return draft(file);
    }
    byte[] bytes = bytes(file);
    try {
      return SignedAgreement.fromEnvelope(ByteString.copyFrom(bytes));
    } catch (RefusedException e) {
      throw e.reason() == Reason.INVALID_REQUEST ? AgreementCommands.notAnAgreement(file) : e;
    }
  }

  /** Shows what is signed, asks, and signs with the party's key. */
  SignedAgreement signAfterAsking(SignedAgreement agreement, boolean yes) {
    String party = session.party().name();
    agreement.agreement().party(party);
    session.showOnErr(AgreementViews.terms(agreement));
    if (agreement.agreement().terms().parent() != null) {
      session.notices().say("It replaces %s:".formatted(agreement.agreement().terms().parent()));
      changes(agreement).forEach(change -> session.notices().say("  " + change));
    }
    AgreementViews.warnings(agreement.agreement()).forEach(session.notices()::warn);
    session.brokerTrust().require(agreement.agreement());
    session.confirm(
        "Sign agreement '%s' %s for party '%s'?"
            .formatted(agreement.agreement().name(), agreement.digest(), party),
        yes);
    try (SigningKey key = session.party().signingKey()) {
      return agreement.with(agreement.sign(party, key));
    }
  }

  AgreementRecord propose(SignedAgreement agreement) {
    return checked(session.broker().propose(agreement.envelope().toProto()), agreement.digest());
  }

  /** Sends our party's signature. */
  AgreementRecord addSignature(SignedAgreement signed) {
    String party = session.party().name();
    DsseSignature ours =
        signed.signatures().stream()
            .filter(s -> s.keyId().equals(party))
            .findFirst()
            .orElseThrow(
                () -> new RefusedException(Reason.INVALID_SIGNATURE, "no signature of " + party));
    Signature signature = Signature.newBuilder().setKeyid(ours.keyId()).setSig(ours.sig()).build();
    return checked(session.broker().sign(signed.digest(), signature), signed.digest());
  }

  AgreementRecord halt(Digest digest, String reason) {
    return checked(session.broker().halt(digest, reason), digest);
  }

  AgreementRecord resume(Digest digest) {
    return checked(session.broker().resume(digest), digest);
  }

  List<AgreementRecord> all() {
    return session.broker().agreements();
  }

  /** The record that a digest, or the start of one, names. */
  AgreementRecord record(String which) {
    Digest digest = find(which);
    return checked(session.broker().agreement(digest), digest);
  }

  /** The whole digest that its start names, among the agreements of our party. */
  Digest find(String which) {
    if (which.matches("sha256:[0-9a-f]{64}")) {
      return Digest.parse(which);
    }
    List<Digest> known = all().stream().map(record -> new Digest(record.getSha256())).toList();
    return Digests.choose(which, known, Reason.AGREEMENT_NOT_FOUND);
  }

  /** From a YAML file, or else from the broker's agreement of that digest or start of one. */
  AgreementDraft fileOrDigest(String which) throws IOException {
    if (which.matches("(sha256:)?[0-9a-f]{8,64}") && !Files.exists(Path.of(which))) {
      SignedAgreement signed = signed(record(which));
      return AgreementYaml.parse(
          AgreementYaml.write(signed.agreement()), "agreement " + signed.digest());
    }
    Path file = Path.of(which);
    return AgreementYaml.parse(text(file), which);
  }

  static SignedAgreement signed(AgreementRecord record) {
    return SignedAgreement.fromEnvelope(DsseEnvelope.fromProto(record.getEnvelope()));
  }

  /** The broker is not believed about which bytes a digest stands for. */
  static AgreementRecord checked(AgreementRecord record, Digest expected) {
    Digest seen = signed(record).digest();
    if (!seen.equals(expected)) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "the broker answered with agreement %s; expected %s".formatted(seen, expected));
    }
    return record;
  }

  private static String text(Path file) throws IOException {
    return new String(bytes(file), java.nio.charset.StandardCharsets.UTF_8);
  }

  private static byte[] bytes(Path file) throws IOException {
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "%s is larger than an agreement can be (%d bytes)".formatted(file, FILE_BYTES_MAX));
    }
    return Files.readAllBytes(file);
  }
}
