package io.parley.broker.evidence.trust;

import com.google.protobuf.ByteString;
import io.parley.wire.Recent;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * Chains as they were read before, by the exact bytes of their PEM: every quote of one machine has
 * the same in it, and reading it takes as long as checking the quote's signatures.
 *
 * <p>Guarantee: remembers what bytes say, and nothing about whether it is true. What cannot be read
 * is not remembered. Bounded; thread-safe.
 */
public final class KnownChains {
  /** Larger ones are read anew each time. */
  private static final int BYTES_MAX = 32 << 10;

  private final Recent<ByteString, List<X509Certificate>> known;

  /**
   * @param most chains that are remembered
   */
  public KnownChains(int most) {
    known = new Recent<>(most);
  }

  /** As {@link Certificates#parseCanonicalPem}. */
  public List<X509Certificate> read(String what, ByteString pem) {
    return pem.size() > BYTES_MAX ? parse(what, pem) : known.get(pem, () -> parse(what, pem));
  }

  private static List<X509Certificate> parse(String what, ByteString pem) {
    return List.copyOf(Certificates.parseCanonicalPem(what, pem));
  }
}
