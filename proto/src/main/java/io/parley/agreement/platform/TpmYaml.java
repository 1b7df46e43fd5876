package io.parley.agreement.platform;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import java.util.List;
import java.util.SortedMap;
import org.jspecify.annotations.Nullable;

/** A policy for a TPM 2.0, as text. Stateless. */
final class TpmYaml {
  private TpmYaml() {}

  static @Nullable PlatformPolicy read(Problems problems, PolicyValues values) {
    int before = problems.count();
    values.only("pcrs", "roots", "attestation_keys", "emulators", "revocation", "also_quoted");
    SortedMap<Integer, ByteString> pcrs = pcrs(problems, values);
    int trust = problems.count();
    List<Digest> keys = values.any("attestation_keys", "digests", Digest::parse);
    SortedMap<String, Digest> roots = values.roots();
    // A trust that could not be read was told already.
    if (problems.count() == trust) {
      values.rules().tpmTrust(keys, roots);
    }
    List<String> emulators =
        values.any("emulators", "models", PolicyValues.word(TpmPolicy.EMULATORS));
    values.rules().emulators(emulators);
    boolean revocation = values.revocationRequired();
    List<Integer> also =
        values.any("also_quoted", "registers", PolicyValues.number(TpmPolicy.PCRS - 1));
    values.rules().tpmAlsoQuoted(also);
    return problems.count() > before
        ? null
        : new TpmPolicy(pcrs, keys, roots, emulators, revocation, also);
  }

  private static SortedMap<Integer, ByteString> pcrs(Problems problems, PolicyValues values) {
    int before = problems.count();
    SortedMap<Integer, ByteString> pcrs = values.pcrs(TpmPolicy.PCRS, TpmPolicy.PCR_BYTES);
    if (pcrs.isEmpty() && problems.count() == before && values.use() != PolicyUse.ENCLAVE) {
      problems.add(values.section().path("pcrs"), "is empty; name the registers to compare");
    }
    values.rules().tpmPcrs(pcrs);
    if (values.use() == PolicyUse.ENCLAVE) {
      values.rules().tpmEnclavePcrs(pcrs);
    }
    return pcrs;
  }

  static List<String> write(TpmPolicy policy) {
    return new PolicyLines()
        .registers("pcrs", policy.pcrs())
        .digests("attestation_keys", policy.attestationKeys())
        .list("emulators", policy.emulators())
        .revocation(policy.revocationRequired())
        .list("also_quoted", policy.alsoQuoted())
        .roots(policy.roots())
        .lines();
  }
}
