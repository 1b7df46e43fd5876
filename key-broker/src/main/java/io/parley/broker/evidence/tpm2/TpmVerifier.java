package io.parley.broker.evidence.tpm2;

import static io.parley.broker.evidence.NotGenuineException.requireEqual;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.CannotCheckException;
import io.parley.broker.evidence.ExpectedReportData;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.TpmClaims;
import io.parley.broker.evidence.Verification;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import java.security.PublicKey;
import java.security.interfaces.ECPublicKey;
import java.security.interfaces.RSAPublicKey;

/**
 * Checks that the key of a TPM signed a quote over the expected report data and over exactly these
 * PCR values, and that the key is a TPM's. Which values are wanted is for policy. Stateless and
 * thread-safe.
 */
public final class TpmVerifier {
  private static final int RSA_BITS_MIN = 2048;
  private static final int RSA_BITS_MAX = 4096;
  private static final int P256_BITS = 256;

  /**
   * Checks.
   *
   * @param anchor with none, nothing can be said, however good the signature
   */
  public Verification<TpmClaims> verify(
      TpmQuote quote, TpmAnchor anchor, ExpectedReportData expected) {
    return Verification.of(() -> {
      TpmKey key = quote.key();
      if (key == null) {
        throw new CannotCheckException(
            Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND, "the attestation key did not come along");
      }
      if (!signed(quote, key.key())) {
        throw Signatures.wrong("quote", quote.algorithm());
      }
      ByteString values = ByteString.EMPTY;
      for (ByteString value : quote.pcrs().values()) {
        values = values.concat(value);
      }
      requireEqual(
          Reason.EVIDENCE_PCR_WRONG,
          "pcrs",
          "the values are not those that the TPM quoted",
          Hex.of(quote.pcrDigest()),
          Hex.of(Digest.of(values).value()));
      expected.check("extra_data", quote.extraData());
      return new TpmClaims(
          trusted(key, anchor),
          emulator(anchor),
          key.fingerprint(),
          quote.pcrs(),
          quote.extraData(),
          quote.firmwareVersion(),
          quote.resetCount(),
          quote.restartCount());
    });
  }

  private static String emulator(TpmAnchor anchor) {
    return switch (anchor) {
      case TpmAnchor.Activated(AkBinding binding) -> binding.emulator();
      case TpmAnchor.Reported reported -> reported.emulator();
      case TpmAnchor.PinnedKey _, TpmAnchor.None _ -> TpmClaims.UNKNOWN;
    };
  }

  private static String trusted(TpmKey key, TpmAnchor anchor)
      throws NotGenuineException, CannotCheckException {
    return switch (anchor) {
      case TpmAnchor.Activated(AkBinding binding) -> {
        ByteString name = key.name();
        requireEqual(
            Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
            "attestation_key",
            "the TPM has shown that it holds another key than the one that signed",
            Hex.of(binding.name()),
            name == null ? "a bare key" : Hex.of(name));
        yield binding.root();
      }
      case TpmAnchor.PinnedKey(Digest fingerprint) -> {
        requireKey(fingerprint, key);
        yield TpmPolicy.PINNED_KEY;
      }
      case TpmAnchor.Reported(Digest fingerprint, String by, String _) -> {
        requireKey(fingerprint, key);
        yield by;
      }
      case TpmAnchor.None() ->
          throw new CannotCheckException(
              Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
              "nothing binds the attestation key to a TPM: neither the activation of a credential"
                  + " for a certified endorsement key, nor a policy that names the key");
    };
  }

  private static void requireKey(Digest fingerprint, TpmKey key) throws NotGenuineException {
    requireEqual(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        "attestation_key",
        "the quote is signed by another key than the one that is trusted",
        fingerprint,
        key.fingerprint());
  }

  private static boolean signed(TpmQuote quote, PublicKey key) {
    return switch (key) {
      case RSAPublicKey rsa -> {
        int bits = rsa.getModulus().bitLength();
        yield bits >= RSA_BITS_MIN
            && bits <= RSA_BITS_MAX
            && Signatures.verifies(quote.algorithm(), rsa, quote.signed(), quote.signature());
      }
      case ECPublicKey ec ->
          ec.getParams().getCurve().getField().getFieldSize() == P256_BITS
              && quote.algorithm().equals(Signatures.P256)
              && Signatures.verifies(Signatures.P256, ec, quote.signed(), quote.signature());
      default -> false;
    };
  }
}
