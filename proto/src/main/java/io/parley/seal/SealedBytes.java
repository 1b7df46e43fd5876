package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.Map;
import java.util.Objects;

/**
 * A message of some size, sealed with HPKE to one key: for what is no key itself and too small to
 * be worth a stream.
 *
 * @param ciphertext 16 bytes longer than the message
 */
public record SealedBytes(HpkeSuite suite, ByteString enc, ByteString ciphertext) {
  private static final int SIZE_BYTES_MAX = 4 << 20;

  /**
   * Checks the lengths.
   *
   * @throws RefusedException INVALID_REQUEST
   */
  public SealedBytes {
    Objects.requireNonNull(suite, "suite");
    suite.checkSize("enc", suite.encSizeBytes(), enc.size());
    if (ciphertext.size() < HpkeSuite.TAG_SIZE_BYTES || ciphertext.size() > SIZE_BYTES_MAX) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "sealed message of %d bytes; expected %d to %d"
              .formatted(ciphertext.size(), HpkeSuite.TAG_SIZE_BYTES, SIZE_BYTES_MAX),
          Map.of("size", Integer.toString(ciphertext.size())));
    }
  }

  /**
   * Seals to a key.
   *
   * @throws RefusedException INVALID_REQUEST when the key cannot be used
   */
  public static SealedBytes seal(HpkePublicKey to, Binding binding, ByteString message) {
    Hpke.Sealed sealed = HpkeSender.seal(to, binding, message.toByteArray());
    return new SealedBytes(to.suite(), sealed.enc(), sealed.ciphertext());
  }

  /**
   * The message.
   *
   * @throws RefusedException with the binding's reason when it was changed, or sealed to another
   *     key or under another binding
   */
  public ByteString open(HpkeKeyPair pair, Binding binding) {
    if (suite != pair.publicKey().suite()) {
      throw new RefusedException(
          binding.refusal(),
          "a message is sealed with suite %s; expected %s"
              .formatted(suite, pair.publicKey().suite()),
          Map.of("suite", suite.name()));
    }
    return ByteString.copyFrom(
        Hpke.openBytes(pair, binding, new Hpke.Sealed(enc, ciphertext), "a message"));
  }

  public io.parley.proto.enclave.v1.SealedBytes toMessage() {
    return io.parley.proto.enclave.v1.SealedBytes.newBuilder()
        .setSuite(suite.toMessage())
        .setEnc(enc)
        .setCiphertext(ciphertext)
        .build();
  }

  /**
   * From a message.
   *
   * @throws RefusedException INVALID_REQUEST
   */
  public static SealedBytes fromMessage(io.parley.proto.enclave.v1.SealedBytes message) {
    return new SealedBytes(
        HpkeSuite.fromMessage(message.getSuite()), message.getEnc(), message.getCiphertext());
  }
}
