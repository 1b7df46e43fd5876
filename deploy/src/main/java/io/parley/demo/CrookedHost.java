package io.parley.demo;

import com.google.protobuf.ByteString;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.parley.agreement.Agreement;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.JobSpec;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.evidence.Claims;
import io.parley.evidence.Evidence;
import io.parley.evidence.ReportData;
import io.parley.identity.Membership;
import io.parley.identity.NodeIdentity;
import io.parley.identity.SigningKey;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.platform.Credentials.Credential;
import io.parley.peer.platform.Credentials.Wish;
import io.parley.peer.platform.Launch;
import io.parley.peer.platform.Measurement;
import io.parley.peer.platform.Platform;
import io.parley.peer.platform.kinds.Platforms;
import io.parley.proto.broker.v1.AgreementServiceGrpc;
import io.parley.proto.broker.v1.CreateChallengeRequest;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateCredentialResponse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.GetAgreementRequest;
import io.parley.proto.broker.v1.KeyServiceGrpc;
import io.parley.proto.broker.v1.KeyServiceGrpc.KeyServiceBlockingStub;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.seal.HpkeKeyPair;
import io.parley.transport.Channels;
import io.parley.transport.ExpectedServer;
import io.parley.transport.GrpcStatuses;
import io.parley.transport.MutualTls;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Instant;
import java.util.TreeMap;

/**
 * A member's host that replays evidence. It keeps the evidence of one job, which the broker
 * accepted, and shows the same bytes again: for that job, and for the next one. Exits 0 when both
 * are refused.
 *
 * <p>It runs no enclave at all: with simulated evidence a host can sign what it likes, and of an
 * emulated TPM it can measure what it likes, as this one does for its first job;
 * deploy/docs/limits.md says so.
 */
final class CrookedHost {
  private final SecureRandom random = new SecureRandom();
  private final Path home;
  private final Digest agreementDigest;

  private CrookedHost(Path home, Digest agreementDigest) {
    this.home = home;
    this.agreementDigest = agreementDigest;
  }

  /** Usage: CrookedHost HOME AGREEMENT-DIGEST. */
  public static void main(String[] args) throws Exception {
    if (args.length != 2) {
      System.err.println("usage: CrookedHost HOME AGREEMENT-DIGEST");
      System.exit(2);
    }
    System.exit(new CrookedHost(Path.of(args[0]), Digest.parse(args[1])).replay() ? 0 : 1);
  }

  private boolean replay() throws IOException {
    Membership membership = Homes.membership(home);
    NodeIdentity identity = NodeIdentity.load(home.resolve("identity"));
    ManagedChannel channel =
        Channels.open(
            membership.broker().address(),
            new MutualTls(Clock.systemUTC()),
            identity.tls(),
            new ExpectedServer.TheBroker(() -> membership));
    try {
      SignedAgreement agreement =
          SignedAgreement.fromEnvelope(
              DsseEnvelope.fromProto(
                  AgreementServiceGrpc.newBlockingStub(channel)
                      .getAgreement(
                          GetAgreementRequest.newBuilder()
                              .setAgreementSha256(agreementDigest.value())
                              .build())
                      .getAgreement()
                      .getEnvelope()));
      KeyServiceBlockingStub broker = KeyServiceGrpc.newBlockingStub(channel);
      JobSpec first = job(broker, identity.party());
      Evidence evidence = evidence(broker, agreement.agreement(), first, identity);
      if (!ask(broker, evidence).equals("released")) {
        System.err.println("the first evidence was refused: nothing to replay");
        return false;
      }
      String again = ask(broker, evidence);
      System.out.println("the same evidence for the same job:  " + again);
      JobSpec second = job(broker, identity.party());
      challenge(broker, second, identity.party());
      String later = ask(broker, evidence);
      System.out.println("the same evidence for a later job:   " + later);
      return !again.equals("released") && !later.equals("released");
    } finally {
      channel.shutdownNow();
    }
  }

  private JobSpec job(KeyServiceBlockingStub broker, String party) {
    Instant now = Clock.systemUTC().instant();
    JobSpec spec =
        new JobSpec(JobSpec.newJobId(now, random), agreementDigest, party, now, new TreeMap<>());
    broker.createJob(
        CreateJobRequest.newBuilder()
            .setRequestId(spec.jobId())
            .setJobId(spec.jobId())
            .setAgreementSha256(agreementDigest.value())
            .setJobSha256(spec.digest().value())
            .build());
    return spec;
  }

  private static ByteString challenge(KeyServiceBlockingStub broker, JobSpec job, String party) {
    return broker
        .createChallenge(
            CreateChallengeRequest.newBuilder().setJobId(job.jobId()).setParty(party).build())
        .getNonce();
  }

  private Evidence evidence(
      KeyServiceBlockingStub broker, Agreement agreement, JobSpec job, NodeIdentity identity) {
    String party = identity.party();
    try (HpkeKeyPair receive = HpkeKeyPair.generate(agreement.environment().hpke(), random);
        SigningKey signing = SigningKey.generate(random);
        Platform platform = platform(identity);
        Launch launch = platform.measure(measurement(agreement, party))) {
      Claims claims =
          new Claims(
              challenge(broker, job, party),
              receive.publicKey(),
              signing.verifyingKey().value(),
              agreementDigest,
              party,
              job.jobId(),
              job.digest(),
              agreement.computes(party) ? agreement.app() : null,
              new TreeMap<>(agreement.environment().tests()));
      ByteString bytes = claims.encode();
      ByteString document =
          launch.attest(ReportData.of(bytes), wish -> credential(broker, job, party, wish));
      return new Evidence(platform.kind(), bytes, document);
    }
  }

  private Platform platform(NodeIdentity identity) {
    NodeConfig config = NodeConfigFile.read(home.resolve("parley.yaml"));
    return Platforms.open(
        config.enclave().platform(),
        new Platforms.Surroundings(
            home.resolve("state"),
            Path.of(System.getProperty("java.io.tmpdir")),
            config.enclave().uid(),
            identity.platformKey()::sign,
            random));
  }

  private static Measurement measurement(Agreement agreement, String party) {
    return new Measurement(
        agreement.environment().shim().getFirst(),
        agreement.environment().isolation().getFirst(),
        agreement.computes(party) ? agreement.app() : null,
        agreement.environment().platforms().stream()
            .filter(TpmPolicy.class::isInstance)
            .map(TpmPolicy.class::cast)
            .findFirst()
            .orElse(null));
  }

  private static Credential credential(
      KeyServiceBlockingStub broker, JobSpec job, String party, Wish wish) {
    CreateCredentialResponse answer =
        broker.createCredential(
            CreateCredentialRequest.newBuilder()
                .setJobId(job.jobId())
                .setParty(party)
                .addAllEkCertificates(wish.ekCertificates())
                .addAllCollateral(wish.collateral())
                .setAkPublic(wish.akPublic())
                .build());
    return new Credential(
        answer.getCredentialId(), answer.getCredentialBlob(), answer.getEncryptedSecret());
  }

  private static String ask(KeyServiceBlockingStub broker, Evidence evidence) {
    try {
      broker.requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build());
      return "released";
    } catch (StatusRuntimeException e) {
      ParleyException refusal = GrpcStatuses.fromGrpc(e, Reason.BROKER_UNAVAILABLE);
      return "refused, %s: %s".formatted(refusal.reason(), refusal.getMessage());
    }
  }
}
