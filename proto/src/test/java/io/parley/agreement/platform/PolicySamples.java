package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/** One policy of each kind with nothing at its strict value. */
public final class PolicySamples {
  private PolicySamples() {}

  public static SevSnpPolicy snp() {
    return new SevSnpPolicy(
        List.of("turin", "milan"),
        List.of(bytes(48, 0xff), bytes(48, 1)),
        new SnpMinimum.ForAll(new SnpTcb(1, 2, 3, 4, 255)),
        List.of(3, 0),
        List.of("vlek", "vcek"),
        List.of(bytes(32, 9)),
        true,
        true,
        false,
        new TreeMap<>(Map.of("milan", root(1), "turin", root(2))));
  }

  /** The same with a minimum for each family. */
  public static SevSnpPolicy snpByFamily() {
    return snp(
        new TreeMap<>(
            Map.of("milan", new SnpTcb(0, 2, 3, 4, 255), "turin", new SnpTcb(1, 0, 0, 2, 5))));
  }

  static SevSnpPolicy snp(SortedMap<String, SnpTcb> minimum) {
    SevSnpPolicy snp = snp();
    return new SevSnpPolicy(
        snp.families(),
        snp.measurements(),
        new SnpMinimum.ByFamily(minimum),
        snp.vmpl(),
        snp.signers(),
        snp.hostData(),
        snp.debugAllowed(),
        snp.migrationAllowed(),
        snp.revocationRequired(),
        snp.roots());
  }

  public static TdxPolicy tdx() {
    return new TdxPolicy(
        List.of(bytes(48, 1)),
        List.of(bytes(48, 4), bytes(48, 3), bytes(48, 2), bytes(48, 1)),
        17,
        List.of("UpToDate", "OutOfDate"),
        List.of("INTEL-SA-00837", "INTEL-SA-00615"),
        List.of(bytes(48, 5)),
        List.of(bytes(48, 6)),
        List.of(bytes(48, 7)),
        true,
        new TreeMap<>(Map.of("a-vendor", root(3))));
  }

  public static NitroPolicy nitro() {
    return new NitroPolicy(
        new TreeMap<>(Map.of(0, bytes(48, 1), 1, bytes(48, 2), 2, bytes(48, 3), 8, bytes(48, 4))),
        true,
        new TreeMap<>(Map.of("no", root(4))));
  }

  public static TpmPolicy tpm() {
    return new TpmPolicy(
        new TreeMap<>(Map.of(0, bytes(32, 1), 7, bytes(32, 2))),
        List.of(root(6), root(5)),
        new TreeMap<>(Map.of("a-vendor", root(7))),
        List.of("swtpm"),
        false,
        List.of(23, 16));
  }

  /** As an agreement may have it where nothing but the enclave is compared. */
  public static TpmPolicy swtpm() {
    return new TpmPolicy(
        Collections.emptySortedMap(),
        List.of(),
        new TreeMap<>(Map.of("a-vendor", root(7))),
        List.of("swtpm"));
  }

  public static List<PlatformPolicy> all() {
    return List.of(nitro(), snp(), tdx(), tpm());
  }

  public static Digest root(int value) {
    return Digest.of(new byte[] {(byte) value});
  }

  public static ByteString bytes(int size, int value) {
    byte[] bytes = new byte[size];
    Arrays.fill(bytes, (byte) value);
    return ByteString.copyFrom(bytes);
  }
}
