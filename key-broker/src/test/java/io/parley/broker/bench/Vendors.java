package io.parley.broker.bench;

import com.google.protobuf.ByteString;
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
import io.parley.evidence.LaunchStatement;
import java.security.cert.X509CRL;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Made-up vendors and what an agreement wants of their hardware. What stays the same from report to
 * report (chains, revocation lists, collateral) is made once; each report is signed anew.
 * Thread-safe.
 */
final class Vendors {
  private static final int MEASUREMENT_BYTES = 48;
  private static final int QUOTE_VERSION = 5;

  final FakeAmd amd = FakeAmd.vcek(SnpProduct.MILAN);
  final FakeAws aws = new FakeAws();
  final FakeTpm tpm = FakeTpm.ecc();
  final FakeIntel intel;

  /** DER. */
  final List<ByteString> tpmLists;

  private final X509CRL amdList;
  private final List<ByteString> intelAnswers;

  Vendors(Instant now) {
    intel = new FakeIntel(now.minus(Duration.ofDays(1)), now.plus(Duration.ofDays(1)));
    amdList = amd.root.revoking(FakeAuthority.FROM, FakeAuthority.TO);
    tpmLists = FakeAuthority.der(tpm.lists().toArray(X509CRL[]::new));
    intelAnswers = intel.answers(intel.tcbInfo());
  }

  List<PlatformPolicy> policies() {
    return List.of(snp(), tdx(), nitro(), tpm());
  }

  /** A fresh report of this kind's hardware over the statement. */
  ByteString document(String kind, LaunchStatement statement) {
    byte[] data = statement.platformData().toByteArray();
    return switch (kind) {
      case SevSnpPolicy.KIND ->
          amd.document(statement, amd.report(data), amd.chain(), new X509CRL[] {amdList});
      case TdxPolicy.KIND ->
          intel.document(statement, intel.quote(QUOTE_VERSION, data), intelAnswers);
      case NitroPolicy.KIND -> aws.document(statement, aws.document(data));
      default -> throw new IllegalArgumentException(kind);
    };
  }

  private SevSnpPolicy snp() {
    return new SevSnpPolicy(
        List.of("milan"),
        List.of(measurement(0xab)),
        new SnpMinimum.ForAll(new SnpTcb(0, 4, 1, 20, 209)),
        SevSnpPolicy.STRICT_VMPL,
        SevSnpPolicy.STRICT_SIGNERS,
        SevSnpPolicy.STRICT_HOST_DATA,
        false,
        false,
        true,
        new TreeMap<>(Map.of("milan", amd.root.fingerprint())));
  }

  private TdxPolicy tdx() {
    return new TdxPolicy(
        List.of(measurement(0xab)),
        List.of(measurement(0xcd), measurement(0), measurement(0), measurement(0)),
        17,
        TdxPolicy.STRICT_STATUS,
        List.of(),
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        TdxPolicy.STRICT_VALUE,
        false,
        new TreeMap<>(Map.of("a-vendor", intel.root.fingerprint())));
  }

  private NitroPolicy nitro() {
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    for (int pcr : NitroPolicy.IMAGE_PCRS) {
      byte[] value = new byte[MEASUREMENT_BYTES];
      value[0] = (byte) (pcr + 1);
      pcrs.put(pcr, ByteString.copyFrom(value));
    }
    return new NitroPolicy(pcrs, false, new TreeMap<>(Map.of("a-vendor", aws.root.fingerprint())));
  }

  private TpmPolicy tpm() {
    return new TpmPolicy(
        new TreeMap<>(Map.of(7, FakeTpm.pcrs().get(1))),
        List.of(),
        new TreeMap<>(Map.of("a-vendor", tpm.root.fingerprint())),
        List.of());
  }

  private static ByteString measurement(int value) {
    byte[] bytes = new byte[MEASUREMENT_BYTES];
    Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }
}
