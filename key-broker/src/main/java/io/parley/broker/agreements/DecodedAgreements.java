package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementCodec;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jdbi.v3.core.config.JdbiConfig;

/**
 * Agreements as they were read before, by their exact bytes: reading one checks every key in it,
 * which takes longer than all else that a grant looks up. Bounded: what was used least goes first.
 * Each connection has its own, which is used by one thread at a time, as the connection is.
 */
public final class DecodedAgreements implements JdbiConfig<DecodedAgreements> {
  private static final int MOST = 64;

  /** Larger ones, which nobody has yet, are read anew each time. */
  private static final int BYTES_MAX = 64 << 10;

  private final Map<ByteString, Agreement> decoded =
      new LinkedHashMap<>(16, 0.75f, true) {
        private static final long serialVersionUID = 1L;

        @Override
        protected boolean removeEldestEntry(Map.Entry<ByteString, Agreement> eldest) {
          return size() > MOST;
        }
      };

  /** Called by Jdbi, for each connection. */
  public DecodedAgreements() {}

  /**
   * What these bytes say.
   *
   * @throws io.parley.wire.RefusedException as {@link AgreementCodec#decode}
   */
  Agreement decode(ByteString payload) {
    Agreement known = decoded.get(payload);
    if (known != null) {
      return known;
    }
    Agreement agreement = AgreementCodec.decode(payload);
    if (payload.size() <= BYTES_MAX) {
      decoded.put(payload, agreement);
    }
    return agreement;
  }

  /** Another connection's, empty: none is shared between threads. */
  @Override
  public DecodedAgreements createCopy() {
    return new DecodedAgreements();
  }
}
