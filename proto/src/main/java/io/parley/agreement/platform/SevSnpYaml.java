package io.parley.agreement.platform;

import static io.parley.agreement.platform.PolicyValues.hex;
import static io.parley.agreement.platform.PolicyValues.number;
import static io.parley.agreement.platform.PolicyValues.word;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** A policy for SEV-SNP, as text. Stateless. */
final class SevSnpYaml {
  private SevSnpYaml() {}

  static @Nullable PlatformPolicy read(Problems problems, PolicyValues values) {
    int before = problems.count();
    values.only(
        "families",
        "measurements",
        "minimum_tcb",
        "vmpl",
        "signers",
        "host_data",
        "debug",
        "migration",
        "revocation",
        "roots");
    List<String> families =
        values.some("families", "milan, genoa, turin", word(SevSnpPolicy.FAMILIES));
    List<ByteString> measurements =
        values.some("measurements", "measurements", hex(SevSnpPolicy.MEASUREMENT_BYTES));
    SnpMinimum minimum = SnpMinimumYaml.read(problems, values, families);
    List<Integer> vmpl =
        values.someOr(
            "vmpl", "privilege levels", number(SevSnpPolicy.VMPL_MAX), SevSnpPolicy.STRICT_VMPL);
    List<String> signers =
        values.someOr(
            "signers", "vcek, vlek", word(SevSnpPolicy.SIGNERS), SevSnpPolicy.STRICT_SIGNERS);
    List<ByteString> hostData =
        values.someOr(
            "host_data",
            "host data",
            hex(SevSnpPolicy.HOST_DATA_BYTES),
            SevSnpPolicy.STRICT_HOST_DATA);
    boolean debug = values.allowed("debug");
    boolean migration = values.allowed("migration");
    boolean revocation = values.revocationRequired();
    SortedMap<String, Digest> roots = values.roots();
    values.rules().roots(roots);
    roots
        .keySet()
        .forEach(family -> values.rules().word("roots." + family, family, SevSnpPolicy.FAMILIES));
    return problems.count() > before
        ? null
        : new SevSnpPolicy(
            families,
            measurements,
            minimum,
            vmpl,
            signers,
            hostData,
            debug,
            migration,
            revocation,
            roots);
  }

  static List<String> write(SevSnpPolicy policy) {
    return new PolicyLines()
        .list("families", policy.families())
        .bytes("measurements", policy.measurements())
        .plain("minimum_tcb", SnpMinimumYaml.write(policy.minimumTcb()))
        .list("vmpl", policy.vmpl())
        .list("signers", policy.signers())
        .bytes("host_data", policy.hostData())
        .allowed("debug", policy.debugAllowed())
        .allowed("migration", policy.migrationAllowed())
        .revocation(policy.revocationRequired())
        .roots(policy.roots())
        .lines();
  }
}
