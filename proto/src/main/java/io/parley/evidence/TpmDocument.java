package io.parley.evidence;

import com.google.protobuf.ByteString;
import io.parley.proto.agreement.v1.PcrValue;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The document of evidence of kind {@code tpm2}: a quote over a launch statement and registers, how
 * two of them came to their values, and what binds the key that signed it to a TPM. Nothing in it
 * has been verified. Immutable.
 *
 * @param launch what the quote must be over: {@link LaunchStatement#quoteData}
 * @param akPublic TPM2B_PUBLIC of the attestation key
 * @param quote TPMS_ATTEST
 * @param signature TPMT_SIGNATURE
 * @param pcrs the quoted registers' values, by index
 * @param events everything that went into PCR 14 and 15, in order
 * @param credential the TPM's answer to the broker's credential
 */
public record TpmDocument(
    LaunchStatement launch,
    ByteString akPublic,
    ByteString quote,
    ByteString signature,
    SortedMap<Integer, ByteString> pcrs,
    List<MeasuredEvent> events,
    Credential credential) {
  /** Of a key, a quote or a signature. */
  public static final int MAX_PART_BYTES = 1024;

  public static final int MAX_EVENTS = 4096;
  public static final int CREDENTIAL_BYTES = 32;
  static final int PCRS = 24;

  private static final DocumentForm FORM = new DocumentForm("TPM document");

  /** What binds the attestation key to a TPM. */
  public sealed interface Credential {
    /**
     * What the TPM read in a credential of the broker's, 32 bytes each.
     *
     * @param id the credential's
     */
    record Answer(ByteString id, ByteString answer) implements Credential {
      /**
       * Checks the lengths.
       *
       * @throws RefusedException INVALID_EVIDENCE
       */
      public Answer {
        FORM.size("credential_id", id, CREDENTIAL_BYTES, CREDENTIAL_BYTES);
        FORM.size("credential_answer", answer, CREDENTIAL_BYTES, CREDENTIAL_BYTES);
      }
    }

    /** Nothing: the parties know the key by name. */
    record None() implements Credential {}
  }

  /**
   * Checks every limit.
   *
   * @throws RefusedException INVALID_EVIDENCE
   */
  public TpmDocument {
    pcrs = Collections.unmodifiableSortedMap(new TreeMap<>(pcrs));
    events = List.copyOf(events);
    FORM.size("ak_public", akPublic, 1, MAX_PART_BYTES);
    FORM.size("quote", quote, 1, MAX_PART_BYTES);
    FORM.size("signature", signature, 1, MAX_PART_BYTES);
    pcrs.forEach((index, value) -> {
      if (index < 0 || index >= PCRS) {
        throw FORM.wrong("pcrs", "no register from 0 to %d".formatted(PCRS - 1));
      }
      FORM.size("pcrs", value, Digest.SIZE_BYTES, Digest.SIZE_BYTES);
    });
    FORM.count("events", events.size(), MAX_EVENTS);
  }

  /**
   * The exact bytes.
   *
   * @throws RefusedException INVALID_EVIDENCE when they would be more than evidence may hold
   */
  public ByteString encode() {
    io.parley.proto.enclave.v1.TpmDocument.Builder message =
        io.parley.proto.enclave.v1.TpmDocument.newBuilder()
            .setStatement(launch.encode())
            .setAkPublic(akPublic)
            .setQuote(quote)
            .setSignature(signature);
    pcrs.forEach(
        (index, value) -> message.addPcrs(PcrValue.newBuilder().setIndex(index).setValue(value)));
    events.forEach(event ->
        message.addEvents(
            io.parley.proto.enclave.v1.MeasuredEvent.newBuilder()
                .setPcr(event.pcr())
                .setDigest(event.digest())));
    if (credential instanceof Credential.Answer(ByteString id, ByteString answer)) {
      message.setCredentialId(id).setCredentialAnswer(answer);
    }
    return FORM.whole(StrictMessages.encode(message.build()));
  }

  /**
   * Reads a document, unverified.
   *
   * @throws RefusedException INVALID_EVIDENCE when it is not canonical, not in form, over a limit,
   *     or holds an unknown field
   */
  public static TpmDocument parse(ByteString document) {
    io.parley.proto.enclave.v1.TpmDocument message =
        StrictMessages.parse(
            io.parley.proto.enclave.v1.TpmDocument.parser(),
            document,
            Evidence.MAX_DOCUMENT_BYTES,
            Reason.INVALID_EVIDENCE,
            "TPM document");
    FORM.count("events", message.getEventsCount(), MAX_EVENTS);
    return new TpmDocument(
        LaunchStatement.parse(message.getStatement()),
        message.getAkPublic(),
        message.getQuote(),
        message.getSignature(),
        pcrs(message.getPcrsList()),
        message.getEventsList().stream()
            .map(event -> new MeasuredEvent(event.getPcr(), event.getDigest()))
            .toList(),
        message.getCredentialId().isEmpty() && message.getCredentialAnswer().isEmpty()
            ? new Credential.None()
            : new Credential.Answer(message.getCredentialId(), message.getCredentialAnswer()));
  }

  private static SortedMap<Integer, ByteString> pcrs(List<PcrValue> values) {
    TreeMap<Integer, ByteString> pcrs = new TreeMap<>();
    for (PcrValue value : values) {
      if (!pcrs.isEmpty() && pcrs.lastKey() >= value.getIndex()) {
        throw FORM.wrong("pcrs", "not in the order of their indices, each once");
      }
      pcrs.put(value.getIndex(), value.getValue());
    }
    return pcrs;
  }
}
