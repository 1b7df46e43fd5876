package io.parley.broker.evidence.azure;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.protobuf.ByteString;
import io.parley.broker.evidence.tpm2.TpmKey;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.StrictJson;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.spec.RSAPublicKeySpec;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What the paravisor says of the machine, under the digest in the processor's report: keys of the
 * TPM that it runs as a JSON Web Key Set (RFC 7517), and how the machine is set up.
 *
 * @param attestationKey that the TPM signs quotes with
 * @param userData that the guest had put in; empty where it is not told
 * @param configuration texts, numbers and truth values only
 */
record ParavisorData(
    TpmKey attestationKey, ByteString userData, SortedMap<String, String> configuration) {
  private static final String WHAT = "HCL report's data";
  private static final int BYTES_MAX = 4 << 10;
  private static final String ATTESTATION_KEY = "HCLAkPub";
  private static final String CONFIGURATION = "vm-configuration";
  private static final String USER_DATA = "user-data";
  private static final int USER_DATA_BYTES = 64;
  private static final int KEYS_MAX = 16;
  private static final int RSA_BITS_MIN = 2048;
  private static final int RSA_BITS_MAX = 4096;
  private static final BigInteger EXPONENT = BigInteger.valueOf(65_537);

  ParavisorData {
    configuration = Collections.unmodifiableSortedMap(new TreeMap<>(configuration));
  }

  /**
   * Reads. Keys that are not known are passed over: what is there is what a paravisor wrote whose
   * digest the report holds.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  static ParavisorData parse(ByteString json) {
    StrictJson data = StrictJson.parse(WHAT, json, BYTES_MAX);
    return new ParavisorData(attestationKey(data), userData(data), configuration(data));
  }

  private static TpmKey attestationKey(StrictJson data) {
    List<StrictJson> named =
        data.objects("keys", KEYS_MAX).stream()
            .filter(key -> key.has("kid") && key.text("kid").equals(ATTESTATION_KEY))
            .toList();
    if (named.size() != 1) {
      throw data.malformed("keys", "have not one '%s'".formatted(ATTESTATION_KEY));
    }
    StrictJson key = named.getFirst();
    if (!key.text("kty").equals("RSA") || !key.texts("key_ops", 1).equals(List.of("sign"))) {
      throw data.malformed(ATTESTATION_KEY, "is no RSA key that signs and does nothing else");
    }
    BigInteger modulus = number(key, "n");
    if (modulus.bitLength() < RSA_BITS_MIN
        || modulus.bitLength() > RSA_BITS_MAX
        || !number(key, "e").equals(EXPONENT)) {
      throw data.malformed(ATTESTATION_KEY, "has not 2048 to 4096 bits, or an unusual exponent");
    }
    try {
      return new TpmKey(
          KeyFactory.getInstance("RSA").generatePublic(new RSAPublicKeySpec(modulus, EXPONENT)),
          null);
    } catch (GeneralSecurityException e) {
      throw data.malformed(ATTESTATION_KEY, "is no RSA key");
    }
  }

  /** In as few bytes as it takes (RFC 7518, section 2, Base64urlUInt). */
  private static BigInteger number(StrictJson key, String field) {
    ByteString bytes = key.base64(field);
    if (bytes.isEmpty() || bytes.byteAt(0) == 0) {
      throw key.malformed(field, "is no number without leading zeros");
    }
    return new BigInteger(1, bytes.toByteArray());
  }

  private static ByteString userData(StrictJson data) {
    if (!data.has(USER_DATA)) {
      return ByteString.EMPTY;
    }
    try {
      ByteString bytes = Hex.parse(data.text(USER_DATA));
      if (bytes.size() == USER_DATA_BYTES) {
        return bytes;
      }
    } catch (IllegalArgumentException e) {
      // Told below.
    }
    throw data.malformed(USER_DATA, "is not %d bytes as hex digits".formatted(USER_DATA_BYTES));
  }

  private static SortedMap<String, String> configuration(StrictJson data) {
    SortedMap<String, String> values = new TreeMap<>();
    if (data.has(CONFIGURATION)) {
      for (Map.Entry<String, JsonNode> each : data.object(CONFIGURATION).object().properties()) {
        if (each.getValue().isValueNode()) {
          values.put(each.getKey(), each.getValue().asText());
        }
      }
    }
    return values;
  }
}
