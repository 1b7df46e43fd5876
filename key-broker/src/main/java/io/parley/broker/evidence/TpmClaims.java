package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.wire.Digest;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a TPM 2.0 vouches for.
 *
 * @param anchor the name of what the attestation key is trusted by: a root's, or "pinned-key"
 * @param emulator the model of an emulated TPM, {@value #UNKNOWN} where no certificate tells, or
 *     empty for a TPM that its vendor made
 * @param attestationKey SHA-256 over its SubjectPublicKeyInfo
 * @param pcrs the quoted ones of the bank sha256, by index
 * @param extraData what the quote was made over
 */
public record TpmClaims(
    String anchor,
    String emulator,
    Digest attestationKey,
    SortedMap<Integer, ByteString> pcrs,
    ByteString extraData,
    long firmwareVersion,
    long resetCount,
    long restartCount)
    implements PlatformClaims {
  /** Kind of evidence, as an agreement names it. */
  public static final String KIND = "tpm2";

  /** Emulation of a TPM whose key is trusted by name only: no certificate says what it is. */
  public static final String UNKNOWN = "unknown";

  public TpmClaims {
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("anchor", anchor);
    fields.put("emulator", emulator);
    fields.put("attestation_key", attestationKey.toString());
    Map<String, Object> registers = new LinkedHashMap<>();
    pcrs.forEach((index, value) -> registers.put(index.toString(), Hex.of(value)));
    fields.put("pcrs", registers);
    fields.put("extra_data", Hex.of(extraData));
    fields.put("firmware_version", "%016x".formatted(firmwareVersion));
    fields.put("reset_count", resetCount);
    fields.put("restart_count", restartCount);
    return fields;
  }
}
