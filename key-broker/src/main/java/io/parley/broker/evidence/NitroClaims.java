package io.parley.broker.evidence;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Octets;
import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an AWS Nitro machine vouches for.
 *
 * @param pcrs by index; PCR0 is the image, 1 its kernel and boot, 2 its application, 8 who signed
 *     it
 * @param userData what the enclave had signed; empty when it gave none
 */
public record NitroClaims(
    String moduleId,
    Instant timestamp,
    SortedMap<Integer, ByteString> pcrs,
    ByteString userData,
    ByteString nonce,
    ByteString publicKey)
    implements PlatformClaims {
  /** Kind of evidence, as an agreement names it. */
  public static final String KIND = "nitro";

  private static final List<Integer> IMAGE_PCRS = List.of(0, 1, 2);

  public NitroClaims {
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
  }

  /** Whether the host can read the enclave's console: such an enclave measures nothing. */
  public boolean debug() {
    return IMAGE_PCRS.stream()
        .anyMatch(pcr -> Octets.isZero(pcrs.getOrDefault(pcr, ByteString.EMPTY)));
  }

  @Override
  public String kind() {
    return KIND;
  }

  @Override
  public Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("module_id", moduleId);
    fields.put("timestamp", timestamp.toString());
    fields.put("debug", debug());
    Map<String, Object> registers = new LinkedHashMap<>();
    pcrs.forEach((index, value) -> registers.put(index.toString(), Hex.of(value)));
    fields.put("pcrs", registers);
    fields.put("user_data", Hex.of(userData));
    fields.put("nonce", Hex.of(nonce));
    fields.put("public_key", Hex.of(publicKey));
    return fields;
  }
}
