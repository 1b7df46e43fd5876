package io.parley.broker.bench;

import com.google.protobuf.ByteString;
import io.parley.agreement.platform.NitroPolicy;
import io.parley.agreement.platform.SevSnpPolicy;
import io.parley.agreement.platform.TdxPolicy;
import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.trust.Signatures;
import io.parley.evidence.Evidence;
import io.parley.identity.SigningKey;
import io.parley.identity.VerifyingKey;
import io.parley.seal.Bindings;
import io.parley.seal.Hpke;
import io.parley.seal.HpkeKeyPair;
import io.parley.seal.HpkeSuite;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PublicKey;
import java.security.SecureRandom;
import java.security.Signature;
import javax.crypto.KeyAgreement;

/**
 * The cryptography that one grant of a kind cannot do without, and nothing around it, by the
 * classes that the broker itself uses:
 *
 * <ul>
 *   <li>always: 2 keys sealed with HPKE (the dataset's and the job's), 1 Ed25519 signature under
 *       the grant
 *   <li>simulated: 1 Ed25519 signature of the platform's verified
 *   <li>sev-snp, nitro: 1 P-384 signature verified
 *   <li>tdx: 2 P-256 signatures verified (the quoting enclave's report, the quote)
 *   <li>tpm2: 1 P-256 signature verified, and for the credential 1 P-256 key pair and agreement
 * </ul>
 *
 * <p>Not in it: certificates, revocation lists and collateral, which stay the same and are checked
 * once; the checkpoint's signature, which grants share; and TLS. Thread-safe.
 */
final class RawCost {
  private static final int SIGNED_BYTES = 1184;
  private static final int KEYS = 2;
  private static final SecureRandom RANDOM = new SecureRandom();

  private final ByteString message = ByteString.copyFrom(new byte[SIGNED_BYTES]);
  private final SigningKey ed25519 = SigningKey.generate(RANDOM);
  private final VerifyingKey ed25519Public = ed25519.verifyingKey();
  private final ByteString ed25519Signature = ed25519.sign("bench", message);
  private final Ecdsa p256 = new Ecdsa("secp256r1", Signatures.P256);
  private final Ecdsa p384 = new Ecdsa("secp384r1", Signatures.P384);
  private final HpkeKeyPair enclave = HpkeKeyPair.generate(HpkeSuite.XWING, RANDOM);
  private final Secret key = Secret.random(32, RANDOM);
  private final Bindings.Grant binding =
      new Bindings.Grant(
          Digest.of(message), Digest.of(message), Digest.of(message), "bench", enclave.publicKey());

  /** One key pair of a curve with a signature by it. */
  private final class Ecdsa {
    private final String algorithm;
    private final PublicKey key;
    private final ByteString signature;

    Ecdsa(String curve, String algorithm) {
      this.algorithm = algorithm;
      KeyPair pair = FakeAuthority.ec(curve);
      key = pair.getPublic();
      try {
        Signature signer = Signature.getInstance(algorithm);
        signer.initSign(pair.getPrivate());
        signer.update(message.toByteArray());
        signature = ByteString.copyFrom(signer.sign());
      } catch (GeneralSecurityException e) {
        throw new BugException("cannot sign with " + algorithm, e);
      }
    }

    void verify() {
      require(Signatures.verifies(algorithm, key, message, signature));
    }
  }

  /** Does it all once. */
  void grant(String kind) {
    switch (kind) {
      case Evidence.SIMULATED -> require(ed25519Public.verify("bench", message, ed25519Signature));
      case SevSnpPolicy.KIND, NitroPolicy.KIND -> p384.verify();
      case TdxPolicy.KIND -> {
        p256.verify();
        p256.verify();
      }
      case TpmPolicy.KIND -> {
        agree();
        p256.verify();
      }
      default -> throw new IllegalArgumentException(kind);
    }
    for (int i = 0; i < KEYS; i++) {
      var _ = Hpke.seal("bench", enclave.publicKey(), binding.dataset("admissions", 1), key);
    }
    var _ = ed25519.sign("bench", message);
  }

  private void agree() {
    try {
      KeyAgreement agreement = KeyAgreement.getInstance("ECDH");
      agreement.init(FakeAuthority.ec("secp256r1").getPrivate());
      agreement.doPhase(p256.key, true);
      require(agreement.generateSecret().length > 0);
    } catch (GeneralSecurityException e) {
      throw new BugException("the JDK has ECDH", e);
    }
  }

  private static void require(boolean good) {
    if (!good) {
      throw new BugException("a good signature was refused");
    }
  }
}
