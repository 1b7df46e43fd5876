package io.parley.broker;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.Environment;
import io.parley.agreement.SignedAgreement;
import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.SnpMinimum;
import io.parley.agreement.platform.SnpTcb;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.nitro.FakeAws;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.sevsnp.SnpProduct;
import io.parley.broker.evidence.tdx.FakeIntel;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.evidence.Evidence;
import io.parley.evidence.LaunchStatement;
import io.parley.evidence.TpmDocument;
import io.parley.proto.broker.v1.CreateCredentialRequest;
import io.parley.proto.broker.v1.CreateCredentialResponse;
import io.parley.proto.broker.v1.CreateJobRequest;
import io.parley.proto.broker.v1.RequestKeysRequest;
import io.parley.proto.broker.v1.RequestKeysResponse;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509CRL;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A broker that accepts every kind, made-up vendors of each, and an agreement that names them all.
 */
public final class HardwareWorld implements AutoCloseable {
  /** All kinds of hardware. */
  public static final List<String> KINDS = PlatformPolicy.KINDS;

  /** The same vendors in every world: making their keys takes longer than what is tested. */
  private static final FakeAmd MILAN = FakeAmd.vcek(SnpProduct.MILAN);

  private static final FakeAmd GENOA = FakeAmd.vcek(SnpProduct.GENOA);
  private static final FakeIntel INTEL = new FakeIntel();
  private static final FakeAws AWS = new FakeAws();
  private static final FakeTpm TPM = FakeTpm.ecc();

  public final FakeAmd amd = MILAN;
  public final FakeAmd genoa = GENOA;
  public final FakeIntel intel = INTEL;
  public final FakeAws aws = AWS;
  public final FakeTpm tpm = TPM;
  public final TestBroker broker;
  public final SignedAgreement signed;
  public final CreateJobRequest job;

  public HardwareWorld(Path folder) throws IOException {
    this(folder, "");
  }

  /**
   * @param more lines of broker.yaml
   */
  public HardwareWorld(Path folder, String more) throws IOException {
    broker = TestBroker.start(folder, FakeAuthority.NOW, yaml -> yaml + more);
    signed = activate("all-kinds", policies());
    job = broker.startJob(signed);
  }

  /** One of each kind, which the vendors here fulfil. */
  public List<PlatformPolicy> policies() {
    return List.of(snp(), tdx(), nitro(), tpm(List.of()));
  }

  /** An active agreement that accepts what these policies are about. */
  public SignedAgreement activate(String name, List<PlatformPolicy> policies) {
    return broker.activate(agreement(name, policies));
  }

  public Agreement agreement(String name, List<PlatformPolicy> policies) {
    Agreement plain = broker.consortium().agreement(name, 1000);
    Environment environment = plain.environment();
    List<String> kinds = new ArrayList<>(List.of(Evidence.SIMULATED));
    policies.forEach(policy -> kinds.add(policy.kind()));
    return new Agreement(
        plain.name(),
        plain.parties(),
        plain.broker(),
        plain.app(),
        plain.datasets(),
        plain.compute(),
        plain.results(),
        new Environment(
            kinds,
            policies,
            environment.shim(),
            environment.tests(),
            environment.isolation(),
            environment.hpke()),
        plain.terms(),
        plain.parameters());
  }

  public SevSnpPolicy snp() {
    return snp(20);
  }

  /** With the least version of SNP firmware. */
  public SevSnpPolicy snp(int firmware) {
    return new SevSnpPolicy(
        List.of("milan"),
        List.of(bytes(48, 0xab)),
        new SnpMinimum.ForAll(new SnpTcb(0, 4, 1, firmware, 209)),
        SevSnpPolicy.STRICT_VMPL,
        SevSnpPolicy.STRICT_SIGNERS,
        SevSnpPolicy.STRICT_HOST_DATA,
        false,
        false,
        true,
        new TreeMap<>(Map.of("milan", amd.root.fingerprint(), "genoa", genoa.root.fingerprint())));
  }

  public TdxPolicy tdx() {
    return tdx(17);
  }

  /** With the least number of evaluation data. */
  public TdxPolicy tdx(int evaluation) {
    return new TdxPolicy(
        List.of(bytes(48, 0xab)),
        List.of(bytes(48, 0xcd), bytes(48, 0), bytes(48, 0), bytes(48, 0)),
        evaluation,
        TdxPolicy.STRICT_STATUS,
        List.of(),
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        false,
        new TreeMap<>(Map.of("a-vendor", intel.root.fingerprint())));
  }

  public NitroPolicy nitro() {
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    for (int pcr : NitroPolicy.IMAGE_PCRS) {
      byte[] value = new byte[48];
      value[0] = (byte) (pcr + 1);
      pcrs.put(pcr, ByteString.copyFrom(value));
    }
    return new NitroPolicy(pcrs, false, new TreeMap<>(Map.of("a-vendor", aws.root.fingerprint())));
  }

  public TpmPolicy tpm(List<String> emulators) {
    return tpm(tpm, emulators);
  }

  public TpmPolicy tpm(FakeTpm vendor, List<String> emulators) {
    return new TpmPolicy(
        new TreeMap<>(Map.of(7, FakeTpm.pcrs().get(1))),
        List.of(),
        new TreeMap<>(Map.of("a-vendor", vendor.root.fingerprint())),
        emulators);
  }

  /** A TPM that is trusted by name only. */
  public static TpmPolicy pinned(FakeTpm vendor) {
    return new TpmPolicy(
        new TreeMap<>(Map.of(7, FakeTpm.pcrs().get(1))),
        List.of(vendor.key().fingerprint()),
        Collections.emptySortedMap(),
        List.of());
  }

  public FakeEnclave enclave(String party) {
    return broker.enclave(signed, job, party);
  }

  /**
   * A document of this kind's vendor, as it should be; asks for a credential where it needs one.
   */
  public ByteString document(
      String kind, String party, LaunchStatement statement, @Nullable Digest app) {
    return switch (kind) {
      case SevSnpPolicy.KIND -> amd.document(statement);
      case TdxPolicy.KIND -> intel.document(statement);
      case NitroPolicy.KIND -> aws.document(statement);
      case TpmPolicy.KIND -> tpm.document(statement, app, credential(tpm, job, party)).encode();
      default -> throw new AssertionError(kind);
    };
  }

  /** Evidence of this kind, as it should be. */
  public Evidence evidence(FakeEnclave enclave, String kind, ByteString nonce) {
    return enclave.evidence(
        nonce,
        kind,
        statement -> document(kind, enclave.facts().party(), statement, enclave.facts().app()));
  }

  /** The answer of a TPM to a credential of the broker's. */
  public TpmDocument.Credential.Answer credential(
      FakeTpm asked, CreateJobRequest forJob, String party) {
    CreateCredentialResponse credential =
        broker.keys(party).createCredential(request(asked, forJob, party));
    return new TpmDocument.Credential.Answer(
        credential.getCredentialId(),
        asked.activate(credential.getCredentialBlob(), credential.getEncryptedSecret()));
  }

  public static CreateCredentialRequest request(
      FakeTpm asked, CreateJobRequest forJob, String party) {
    return CreateCredentialRequest.newBuilder()
        .setJobId(forJob.getJobId())
        .setParty(party)
        .addAllEkCertificates(FakeAuthority.der(asked.chain()))
        .addAllCollateral(FakeAuthority.der(asked.lists().toArray(X509CRL[]::new)))
        .setAkPublic(asked.sizedArea())
        .build();
  }

  public RequestKeysResponse request(String party, Evidence evidence) {
    return broker
        .keys(party)
        .requestKeys(RequestKeysRequest.newBuilder().setEvidence(evidence.toMessage()).build());
  }

  static ByteString bytes(int size, int value) {
    byte[] bytes = new byte[size];
    java.util.Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }

  @Override
  public void close() {
    broker.close();
  }
}
