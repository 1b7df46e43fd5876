package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import io.parley.evidence.HardwareDocument;
import io.parley.peer.platform.Credentials;
import io.parley.proto.enclave.v1.Credential;
import io.parley.proto.enclave.v1.CredentialAnswer;
import io.parley.proto.enclave.v1.CredentialWish;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the platform of a remote enclave asks of the broker, which the VM does not reach itself. The
 * node forwards and no more: what comes back only the VM's TPM can read. Thread-safe.
 */
final class BrokerCalls {
  private static final Logger LOG = LoggerFactory.getLogger(BrokerCalls.class);
  private static final int CALLS_MAX = 16;
  private static final int CERTIFICATES_MAX = 4;
  private static final int CERTIFICATE_BYTES_MAX = 4096;
  private static final int PUBLIC_BYTES_MAX = 1024;

  private final Credentials credentials;
  private final ExecutorService threads;
  private final AtomicInteger calls = new AtomicInteger();

  BrokerCalls(Credentials credentials, ExecutorService threads) {
    this.credentials = credentials;
    this.threads = threads;
  }

  /** Asks on a thread of its own, and sends the answer. */
  void begin(CredentialWish wish, RunCall call) {
    threads.execute(() -> {
      try {
        call.send(answer(wish));
      } catch (ParleyException e) {
        LOG.atDebug().setCause(e).log("a credential did not reach the enclave server");
      }
    });
  }

  private CredentialAnswer answer(CredentialWish wish) {
    CredentialAnswer.Builder answer = CredentialAnswer.newBuilder().setId(wish.getId());
    try {
      check(wish);
      Credentials.Credential credential =
          credentials.create(
              new Credentials.Wish(
                  wish.getEkCertificatesList(), wish.getCollateralList(), wish.getAkPublic()));
      answer.setCredential(
          Credential.newBuilder()
              .setCredentialId(credential.id())
              .setCredentialBlob(credential.blob())
              .setEncryptedSecret(credential.encryptedSecret()));
    } catch (RuntimeException e) {
      answer.setStatus(Statuses.toStatus(e).toByteString());
    }
    return answer.build();
  }

  private void check(CredentialWish wish) {
    boolean fits =
        calls.incrementAndGet() <= CALLS_MAX
            && fits(wish.getEkCertificatesList(), CERTIFICATES_MAX, CERTIFICATE_BYTES_MAX)
            && fits(
                wish.getCollateralList(),
                HardwareDocument.MAX_PARTS,
                HardwareDocument.MAX_COLLATERAL_BYTES)
            && wish.getAkPublic().size() <= PUBLIC_BYTES_MAX;
    if (!fits) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "the enclave server asks for more or larger credentials than a job needs");
    }
  }

  private static boolean fits(List<ByteString> parts, int count, int bytes) {
    return parts.size() <= count && parts.stream().allMatch(part -> part.size() <= bytes);
  }
}
