package io.parley.peer.enclaves.remote;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.peer.platform.Credentials;
import io.parley.proto.enclave.v1.CredentialAnswer;
import io.parley.proto.enclave.v1.CredentialWish;
import io.parley.proto.enclave.v1.RunEnclaveResponse;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.Statuses;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Credentials for this VM's TPM, asked of the broker through the node. The node is not trusted with
 * them: a credential opens in the TPM that it was made for, or not at all. Thread-safe.
 */
final class AskedCredentials implements Credentials, AutoCloseable {
  private static final long ANSWER_SECONDS_MAX = 20;

  private final Consumer<RunEnclaveResponse> send;
  private final Map<Long, CompletableFuture<CredentialAnswer>> asked = new HashMap<>();
  private long lastId;
  private boolean closed;

  /**
   * @param send waits until the node takes a message
   */
  AskedCredentials(Consumer<RunEnclaveResponse> send) {
    this.send = send;
  }

  @Override
  public Credential create(Wish wish) {
    CompletableFuture<CredentialAnswer> answer = new CompletableFuture<>();
    long id = ask(answer);
    try {
      send.accept(
          RunEnclaveResponse.newBuilder()
              .setCredentialWish(
                  CredentialWish.newBuilder()
                      .setId(id)
                      .addAllEkCertificates(wish.ekCertificates())
                      .addAllCollateral(wish.collateral())
                      .setAkPublic(wish.akPublic()))
              .build());
      return credential(answer.get(ANSWER_SECONDS_MAX, TimeUnit.SECONDS));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw ended();
    } catch (ExecutionException e) {
      throw ended();
    } catch (TimeoutException e) {
      throw new EnvironmentException(
          Reason.TIMEOUT,
          "the node brought no credential within %d s".formatted(ANSWER_SECONDS_MAX));
    } finally {
      synchronized (this) {
        asked.remove(id);
      }
    }
  }

  private synchronized long ask(CompletableFuture<CredentialAnswer> answer) {
    if (closed) {
      throw ended();
    }
    asked.put(++lastId, answer);
    return lastId;
  }

  /** An answer has come; false when nobody had asked for it. */
  synchronized boolean answered(CredentialAnswer answer) {
    @Nullable CompletableFuture<CredentialAnswer> waiting = asked.remove(answer.getId());
    // One that comes too late was asked for, all the same.
    return waiting == null
        ? answer.getId() > 0 && answer.getId() <= lastId
        : waiting.complete(answer);
  }

  private static Credential credential(CredentialAnswer answer) {
    return switch (answer.getResultCase()) {
      case CREDENTIAL ->
          new Credential(
              answer.getCredential().getCredentialId(),
              answer.getCredential().getCredentialBlob(),
              answer.getCredential().getEncryptedSecret());
      case STATUS -> throw Statuses.fromStatus(status(answer.getStatus()));
      case RESULT_NOT_SET ->
          throw new RefusedException(
              Reason.PEER_PROTOCOL_BROKEN, "the node answered a wish with nothing");
    };
  }

  private static com.google.rpc.Status status(ByteString bytes) {
    try {
      return com.google.rpc.Status.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.PEER_PROTOCOL_BROKEN, "the node answered a wish with no status");
    }
  }

  private static RefusedException ended() {
    return new RefusedException(Reason.CANCELLED, "the enclave ends");
  }

  @Override
  public void close() {
    List<CompletableFuture<CredentialAnswer>> waiting;
    synchronized (this) {
      closed = true;
      waiting = List.copyOf(asked.values());
    }
    waiting.forEach(answer -> answer.completeExceptionally(ended()));
  }
}
