package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Recent;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Signatures of vendors that were found good before: a chain's RSA signatures are most of the work
 * of judging a report, and the same chain comes with every one.
 *
 * <p>Guarantee: remembers signatures only, over exact bytes and by exact keys. Roots, times of
 * validity and revocation are compared every time, so nothing is good for longer than it would be
 * without. Bounded: what was used least goes first. Thread-safe.
 */
public final class KnownSignatures {
  private final Recent<Digest, Boolean> good;

  /**
   * @param most that are remembered; each takes about 200 bytes
   */
  public KnownSignatures(int most) {
    good = new Recent<>(most);
  }

  /** Remembers nothing. */
  public static KnownSignatures none() {
    return new KnownSignatures(0);
  }

  /** What a chain's signatures are remembered by. */
  static Digest ofChain(List<X509Certificate> leafToRoot) {
    ByteString all = ByteString.copyFromUtf8("chain");
    for (X509Certificate certificate : leafToRoot) {
      all = all.concat(Certificates.fingerprint(certificate).value());
    }
    return Digest.of(all);
  }

  /** What the signature of a list by an issuer is remembered by. */
  static Digest ofList(ByteString list, X509Certificate issuer) {
    return Digest.of(
        ByteString.copyFromUtf8("list")
            .concat(Digest.of(list).value())
            .concat(Certificates.fingerprint(issuer).value()));
  }

  /** What a signature over a text by a certificate's key is remembered by. */
  public static Digest ofText(ByteString text, ByteString signature, X509Certificate signer) {
    return Digest.of(
        ByteString.copyFromUtf8("text")
            .concat(Digest.of(text).value())
            .concat(Digest.of(signature).value())
            .concat(Certificates.fingerprint(signer).value()));
  }

  public boolean contains(Digest signature) {
    return good.find(signature) != null;
  }

  public void add(Digest signature) {
    good.add(signature, true);
  }
}
