package io.parley.broker;

import io.parley.agreement.Agreement;
import io.parley.agreement.ChangeRule;
import io.parley.agreement.Column;
import io.parley.agreement.ColumnType;
import io.parley.agreement.Dataset;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.Environment;
import io.parley.agreement.ResultRule;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.Terms;
import io.parley.identity.Broker;
import io.parley.identity.ClientCertificates;
import io.parley.identity.Member;
import io.parley.identity.MembershipChain;
import io.parley.identity.PartyIdentity;
import io.parley.identity.Role;
import io.parley.identity.TlsIdentity;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** Parties that know each other, and agreements between them. */
public final class TestConsortium {
  /** Owns admissions. */
  public static final String HOSPITAL = "hospital";

  /** Owns claims, computes. */
  public static final String INSURER = "insurer";

  /** A member that owns nothing. */
  public static final String REGISTRY = "registry";

  /** What every agreement here says of the shim. */
  public static final Digest SHIM = Digest.of(new byte[] {1});

  /** What every agreement here says of the app. */
  public static final Digest APP = Digest.of(new byte[] {2});

  private static final SecureRandom RANDOM = new SecureRandom();

  private final InstantSource clock;
  private final Map<String, PartyIdentity> parties = new LinkedHashMap<>();
  private final Broker broker;
  private MembershipChain chain;

  /** Hospital, insurer and registry around this broker. */
  public TestConsortium(InstantSource clock, Broker broker) {
    this.clock = clock;
    this.broker = broker;
    for (String name : List.of(HOSPITAL, INSURER, REGISTRY)) {
      parties.put(name, PartyIdentity.generate(name, clock, RANDOM));
    }
    chain =
        MembershipChain.found("wards", clock.instant(), member(HOSPITAL), broker, key(HOSPITAL));
    chain = chain.append(signed(chain.proposeJoin(member(INSURER), clock.instant())));
    chain = chain.append(signed(chain.proposeJoin(member(REGISTRY), clock.instant())));
  }

  public PartyIdentity party(String name) {
    return Objects.requireNonNull(parties.get(name), name);
  }

  public MembershipChain chain() {
    return chain;
  }

  /** A certificate of the party's in this role. */
  public TlsIdentity certificate(String party, Role role) {
    return role == Role.NODE
        ? party(party).node().tls()
        : ClientCertificates.issue(party(party), role, "someone", Duration.ofDays(30));
  }

  /** Removes the party, and gives its name to somebody else: another CA, other keys. */
  public void giveAway(String name) {
    chain = chain.append(signed(chain.proposeRemoval(name, clock.instant())));
    parties.put(name, PartyIdentity.generate(name, clock, RANDOM));
    chain = chain.append(signed(chain.proposeJoin(member(name), clock.instant())));
  }

  /** The proposal with the signatures of all that it needs. */
  public DsseEnvelope signed(DsseEnvelope proposal) {
    DsseEnvelope signed = proposal;
    for (String name : chain.missing(proposal)) {
      signed = chain.addSignature(signed, chain.sign(signed, name, key(name)));
    }
    return signed;
  }

  /** Puts the chain where a broker looks for it. */
  public void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    int version = 0;
    for (DsseEnvelope list : chain.envelopes()) {
      version++;
      Files.write(folder.resolve("%08d.dsse".formatted(version)), list.encode().toByteArray());
    }
  }

  /** Admissions of the hospital and claims of the insurer, computed at the insurer. */
  public Agreement agreement(String name, int maxJobs) {
    return agreement(name, maxJobs, clock.instant().plus(Duration.ofDays(30)), List.of(INSURER));
  }

  /** The same with another end and other computing parties. */
  public Agreement agreement(String name, int maxJobs, Instant expires, List<String> compute) {
    return new Agreement(
        name,
        List.of(party(HOSPITAL).party(), party(INSURER).party()),
        broker.digest(),
        APP,
        List.of(
            new Dataset(
                "admissions",
                HOSPITAL,
                List.of(new Column("patient", ColumnType.BIGINT, false)),
                List.of(INSURER)),
            new Dataset(
                "claims",
                INSURER,
                List.of(new Column("patient", ColumnType.BIGINT, false)),
                compute.contains(HOSPITAL) ? List.of(HOSPITAL) : List.of())),
        compute,
        List.of(new ResultRule("summary", List.of(HOSPITAL, INSURER), 1000)),
        new Environment(
            List.of("simulated"),
            List.of(SHIM),
            Map.of("network", "denied", "crypto", "passed"),
            List.of("bwrap")),
        Terms.of(
            ChangeRule.NEVER, expires.truncatedTo(java.time.temporal.ChronoUnit.SECONDS), maxJobs),
        List.of());
  }

  /** The same agreement under other terms. */
  public static Agreement under(Agreement agreement, Terms terms) {
    return new Agreement(
        agreement.name(),
        agreement.parties(),
        agreement.broker(),
        agreement.app(),
        agreement.datasets(),
        agreement.compute(),
        agreement.results(),
        agreement.environment(),
        terms,
        agreement.parameters());
  }

  /** Signed by these parties. */
  public SignedAgreement sign(Agreement agreement, String... signers) {
    SignedAgreement signed = SignedAgreement.unsigned(agreement);
    for (String signer : signers) {
      signed = signed.with(signed.sign(signer, key(signer)));
    }
    return signed;
  }

  /** All names. */
  public List<String> names() {
    return new ArrayList<>(parties.keySet());
  }

  private Member member(String name) {
    return party(name).member("127.0.0.1:1");
  }

  private io.parley.identity.SigningKey key(String name) {
    return party(name).signingKey();
  }
}
