package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementCodec;
import io.parley.wire.Digest;
import io.parley.wire.Recent;
import java.util.function.Supplier;
import org.jdbi.v3.core.config.JdbiConfig;
import org.jspecify.annotations.Nullable;

/**
 * Agreements as they were read before, by their digest: reading one checks every key in it, which
 * takes longer than all else that a grant looks up. Bounded: what was used least goes first. Each
 * connection has its own, which is used by one thread at a time, as the connection is.
 */
public final class DecodedAgreements implements JdbiConfig<DecodedAgreements> {
  private static final int MOST = 64;

  /** Larger ones, which nobody has yet, are read anew each time. */
  private static final int BYTES_MAX = 64 << 10;

  /**
   * An agreement with its bytes.
   *
   * @param payload the exact bytes that the digest is of
   */
  record Decoded(ByteString payload, Agreement agreement) {}

  private final Recent<Digest, Decoded> decoded = new Recent<>(MOST);

  /** Called by Jdbi, for each connection. */
  public DecodedAgreements() {}

  /**
   * What the payload of this digest says, which is not read when it is known.
   *
   * @param stored reads it
   * @throws io.parley.wire.RefusedException as {@link AgreementCodec#decode}
   */
  Decoded decode(Digest digest, Supplier<ByteString> stored) {
    @Nullable Decoded known = decoded.find(digest);
    if (known != null) {
      return known;
    }
    ByteString payload = stored.get();
    Decoded read = new Decoded(payload, AgreementCodec.decode(payload));
    if (payload.size() <= BYTES_MAX) {
      decoded.add(digest, read);
    }
    return read;
  }

  /** Another connection's, empty: none is shared between threads. */
  @Override
  public DecodedAgreements createCopy() {
    return new DecodedAgreements();
  }
}
