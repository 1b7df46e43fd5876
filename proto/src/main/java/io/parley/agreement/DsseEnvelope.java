package io.parley.agreement;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.proto.agreement.v1.Envelope;
import io.parley.proto.agreement.v1.Signature;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Bytes with a type and signatures, none of them verified. Immutable; {@link #with} makes another.
 */
public record DsseEnvelope(String payloadType, ByteString payload, List<DsseSignature> signatures) {
  /** More than one per party is never needed. */
  public static final int MAX_SIGNATURES = 2 * Limits.MAX_PARTIES;

  private static final int MAX_ENVELOPE_BYTES = 2 * Limits.MAX_DOCUMENT_BYTES;

  public DsseEnvelope {
    signatures = List.copyOf(signatures);
    if (payload.size() > Limits.MAX_DOCUMENT_BYTES) {
      throw new RefusedException(
          Reason.SIZE_LIMIT,
          "payload is %d bytes long; at most %d"
              .formatted(payload.size(), Limits.MAX_DOCUMENT_BYTES));
    }
    if (signatures.size() > MAX_SIGNATURES) {
      throw new RefusedException(
          Reason.TOO_MANY,
          "envelope has %d signatures; at most %d".formatted(signatures.size(), MAX_SIGNATURES));
    }
  }

  /** SHA-256 of the payload: what the envelope's content is known by. */
  public Digest digest() {
    return Digest.of(payload);
  }

  /** The same with one more signature; the same when it is there already. */
  public DsseEnvelope with(DsseSignature signature) {
    if (signatures.contains(signature)) {
      return this;
    }
    List<DsseSignature> more = new ArrayList<>(signatures);
    more.add(signature);
    return new DsseEnvelope(payloadType, payload, more);
  }

  /** For a file or the wire. */
  public ByteString encode() {
    return toProto().toByteString();
  }

  /**
   * The reverse of {@link #encode}.
   *
   * @throws RefusedException INVALID_REQUEST when it is none
   */
  public static DsseEnvelope decode(ByteString bytes) {
    try {
      if (bytes.size() > MAX_ENVELOPE_BYTES) {
        throw new RefusedException(
            Reason.SIZE_LIMIT,
            "envelope is %d bytes long; at most %d".formatted(bytes.size(), MAX_ENVELOPE_BYTES));
      }
      return fromProto(Envelope.parseFrom(bytes));
    } catch (InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "expected a DSSE envelope, came something else", Map.of(), e);
    }
  }

  /** For a gRPC message. */
  public Envelope toProto() {
    Envelope.Builder envelope =
        Envelope.newBuilder().setPayloadType(payloadType).setPayload(payload);
    for (DsseSignature signature : signatures) {
      envelope.addSignatures(
          Signature.newBuilder().setKeyid(signature.keyId()).setSig(signature.sig()));
    }
    return envelope.build();
  }

  /** From a gRPC message. */
  public static DsseEnvelope fromProto(Envelope envelope) {
    StrictMessages.refuseUnknown(envelope, Reason.INVALID_REQUEST, "envelope");
    return new DsseEnvelope(
        envelope.getPayloadType(),
        envelope.getPayload(),
        envelope.getSignaturesList().stream()
            .map(s -> new DsseSignature(s.getKeyid(), s.getSig()))
            .toList());
  }
}
