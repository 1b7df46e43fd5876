package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * One value that a PCR was extended with. An enclave's launcher measures it into two registers
 * before it starts: its shim with the isolation level, and its app. Registers only grow, so this
 * proves that it was measured, and not that nothing else was.
 *
 * @param pcr {@value #SHIM_PCR} or {@value #APP_PCR}
 * @param digest 32 bytes
 */
public record MeasuredEvent(int pcr, ByteString digest) {
  public static final int SHIM_PCR = 14;
  public static final int APP_PCR = 15;

  /** Both. */
  public static final List<Integer> PCRS = List.of(SHIM_PCR, APP_PCR);

  static final String SHIM_LABEL = "parley/v1/shim-measured";
  static final String APP_LABEL = "parley/v1/app-measured";

  private static final DocumentForm FORM = new DocumentForm("measured event");
  private static final ByteString ZERO = ByteString.copyFrom(new byte[Digest.SIZE_BYTES]);

  /**
   * Checks register and length.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public MeasuredEvent {
    if (!PCRS.contains(pcr)) {
      throw FORM.wrong("pcr", "%d; expected %d or %d".formatted(pcr, SHIM_PCR, APP_PCR));
    }
    FORM.size("digest", digest, Digest.SIZE_BYTES, Digest.SIZE_BYTES);
  }

  /** Of what was launched, and how it is kept apart. */
  public static MeasuredEvent ofShim(Digest shim, String isolation) {
    return new MeasuredEvent(
        SHIM_PCR, labelled(SHIM_LABEL, shim.value().concat(ByteString.copyFromUtf8(isolation))));
  }

  /**
   * Of the app in the enclave.
   *
   * @param app null where the enclave holds none
   */
  public static MeasuredEvent ofApp(@Nullable Digest app) {
    return new MeasuredEvent(APP_PCR, labelled(APP_LABEL, app == null ? ZERO : app.value()));
  }

  /**
   * The values of both registers after these events, from zero on (TPM 2.0 Library, Part 1, "PCR
   * operations": new = SHA-256(old || digest)).
   */
  public static SortedMap<Integer, ByteString> replay(List<MeasuredEvent> events) {
    SortedMap<Integer, ByteString> registers = new TreeMap<>();
    PCRS.forEach(pcr -> registers.put(pcr, ZERO));
    for (MeasuredEvent event : events) {
      registers.compute(
          event.pcr(),
          (pcr, before) ->
              Digest.of((before == null ? ZERO : before).concat(event.digest())).value());
    }
    return registers;
  }

  private static ByteString labelled(String label, ByteString value) {
    MessageDigest sha256 = Digest.newSha256();
    sha256.update(label.getBytes(StandardCharsets.US_ASCII));
    sha256.update((byte) 0);
    sha256.update(value.toByteArray());
    return ByteString.copyFrom(sha256.digest());
  }
}
