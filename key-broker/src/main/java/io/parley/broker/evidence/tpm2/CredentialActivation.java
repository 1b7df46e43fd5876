package io.parley.broker.evidence.tpm2;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.broker.evidence.Verification;
import io.parley.wire.Reason;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.util.Arrays;

/**
 * One try to bind an attestation key to an endorsement key (TPM 2.0 Library, Part 1, section 24,
 * "Credential protection"): a secret that only a TPM can read which holds the endorsement key and
 * an object of exactly the attestation key's name. For one answer; not thread-safe.
 */
public final class CredentialActivation {
  private static final int SECRET_BYTES = 32;

  private final ByteString name;
  private final EkCertificate endorsement;
  private final byte[] secret;
  private final ByteString credentialBlob;
  private final ByteString encryptedSecret;
  private boolean answered;

  private CredentialActivation(
      ByteString name,
      EkCertificate endorsement,
      byte[] secret,
      CredentialProtection.Credential credential) {
    this.name = name;
    this.endorsement = endorsement;
    this.secret = secret;
    this.credentialBlob = credential.blob();
    this.encryptedSecret = credential.encryptedSecret();
  }

  /**
   * Makes a challenge.
   *
   * @param key with the TPM's description of it: it must be restricted, signing, and fixed to its
   *     TPM, or it could sign made-up quotes
   */
  public static Verification<CredentialActivation> challenge(
      EkCertificate endorsement, TpmKey key, SecureRandom random) {
    return Verification.of(() -> {
      ByteString name = key.name();
      if (name == null || !key.isRestrictedAndFixed()) {
        throw unbound("the key is not restricted to quotes, or can leave its TPM");
      }
      byte[] secret = new byte[SECRET_BYTES];
      random.nextBytes(secret);
      return new CredentialActivation(
          name,
          endorsement,
          secret,
          CredentialProtection.protect(endorsement.key(), name, secret, random));
    });
  }

  /** TPM2B_ID_OBJECT, for TPM2_ActivateCredential. */
  public ByteString credentialBlob() {
    return credentialBlob;
  }

  /** TPM2B_ENCRYPTED_SECRET, for TPM2_ActivateCredential. */
  public ByteString encryptedSecret() {
    return encryptedSecret;
  }

  /** What the TPM answered; once only, then the secret is gone. */
  public Verification<AkBinding> answer(ByteString answer) {
    boolean same = !answered && MessageDigest.isEqual(secret, answer.toByteArray());
    forget();
    return Verification.of(() -> {
      if (!same) {
        throw unbound("the TPM could not read the secret that is for this key only");
      }
      return new AkBinding(name, endorsement.root(), endorsement.emulator());
    });
  }

  /** No answer is good any more, and the secret is gone. */
  void forget() {
    answered = true;
    Arrays.fill(secret, (byte) 0);
  }

  private static NotGenuineException unbound(String advice) {
    return new NotGenuineException(
        Reason.EVIDENCE_ATTESTATION_KEY_UNBOUND,
        "attestation_key",
        advice,
        "a restricted key of a TPM with a certified endorsement key",
        "another");
  }
}
