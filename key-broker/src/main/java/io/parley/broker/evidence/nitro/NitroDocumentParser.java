package io.parley.broker.evidence.nitro;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.NitroClaims;
import io.parley.broker.evidence.trust.Certificates;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads an attestation document: COSE_Sign1 (RFC 9052) with ES384, nothing unprotected in it, over
 * a payload as AWS describes it, each key once and no others. Stateless and thread-safe.
 */
public final class NitroDocumentParser {
  private static final int MAX_DOCUMENT_BYTES = 16 << 10;
  private static final int COSE_SIGN1 = 18;
  private static final int SIGN1_ITEMS = 4;
  private static final int MAX_HEADER_BYTES = 16;
  private static final int HEADER_ALGORITHM = 1;
  private static final int ES384 = -35;
  private static final int SIGNATURE_BYTES = 96;
  private static final int MAX_KEYS = 9;
  private static final int MAX_PCRS = 32;
  private static final int PCR_BYTES = 48;
  private static final int MAX_TEXT_BYTES = 256;
  private static final int MAX_CERTIFICATE_BYTES = 1024;
  private static final int MAX_GIVEN_BYTES = 1024;
  private static final int MAX_TIMESTAMP_BITS = 48;

  /**
   * Reads.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE
   */
  public NitroDocument parse(ByteString bytes) {
    CborReader in = new CborReader("attestation document", bytes);
    if (bytes.size() > MAX_DOCUMENT_BYTES) {
      throw in.malformed("length", "is more than %d bytes".formatted(MAX_DOCUMENT_BYTES));
    }
    in.skipTag("COSE_Sign1", COSE_SIGN1);
    if (in.array("COSE_Sign1", SIGN1_ITEMS) != SIGN1_ITEMS) {
      throw in.malformed("COSE_Sign1", "has not %d items".formatted(SIGN1_ITEMS));
    }
    ByteString header = in.bytes("protected header", MAX_HEADER_BYTES);
    in.map("unprotected header", 0);
    ByteString payload = in.bytes("payload", MAX_DOCUMENT_BYTES);
    ByteString signature = in.bytes("signature", SIGNATURE_BYTES);
    in.end();
    if (signature.size() != SIGNATURE_BYTES) {
      throw in.malformed("signature", "is not %d bytes".formatted(SIGNATURE_BYTES));
    }
    algorithm(header);
    return new Payload(payload).document(header, payload, signature);
  }

  private static void algorithm(ByteString header) {
    CborReader in = new CborReader("protected header", header);
    if (in.map("header", 1) != 1
        || in.unsigned("label") != HEADER_ALGORITHM
        || in.negative("algorithm") != ES384) {
      throw in.malformed("algorithm", "is not ES384");
    }
    in.end();
  }

  /** The payload's keys come in any order. */
  private static final class Payload {
    private final List<X509Certificate> bundle = new ArrayList<>();
    private final SortedMap<Integer, ByteString> pcrs = new TreeMap<>();
    private String moduleId = "";
    private String digest = "";
    private long timestamp;
    private ByteString certificate = ByteString.EMPTY;
    private ByteString userData = ByteString.EMPTY;
    private ByteString nonce = ByteString.EMPTY;
    private ByteString publicKey = ByteString.EMPTY;

    Payload(ByteString bytes) {
      CborReader in = new CborReader("attestation document", bytes);
      List<String> seen = new ArrayList<>();
      int keys = in.map("payload", MAX_KEYS);
      for (int i = 0; i < keys; i++) {
        String key = in.text("key", MAX_TEXT_BYTES);
        if (seen.contains(key)) {
          throw in.malformed(key, "is there twice");
        }
        seen.add(key);
        read(in, key);
      }
      in.end();
      for (String key :
          List.of("module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle")) {
        if (!seen.contains(key)) {
          throw in.malformed(key, "is missing");
        }
      }
      if (!digest.equals("SHA384")) {
        throw in.malformed("digest", "is not SHA384");
      }
    }

    private void read(CborReader in, String key) {
      switch (key) {
        case "module_id" -> moduleId = in.text(key, MAX_TEXT_BYTES);
        case "digest" -> digest = in.text(key, MAX_TEXT_BYTES);
        case "timestamp" -> timestamp = timestamp(in);
        case "pcrs" -> readPcrs(in);
        case "certificate" -> certificate = in.bytes(key, MAX_CERTIFICATE_BYTES);
        case "cabundle" -> readBundle(in);
        case "user_data" -> userData = in.bytesOrNull(key, MAX_GIVEN_BYTES);
        case "nonce" -> nonce = in.bytesOrNull(key, MAX_GIVEN_BYTES);
        case "public_key" -> publicKey = in.bytesOrNull(key, MAX_GIVEN_BYTES);
        default -> throw in.malformed("payload", "has a key that is not known");
      }
    }

    private static long timestamp(CborReader in) {
      long millis = in.unsigned("timestamp");
      if (millis >>> MAX_TIMESTAMP_BITS != 0) {
        throw in.malformed("timestamp", "is too far in the future");
      }
      return millis;
    }

    private void readPcrs(CborReader in) {
      int count = in.map("pcrs", MAX_PCRS);
      for (int i = 0; i < count; i++) {
        long index = in.unsigned("pcrs.index");
        ByteString value = in.bytes("pcrs.value", PCR_BYTES);
        if (index >= MAX_PCRS || value.size() != PCR_BYTES) {
          throw in.malformed("pcrs", "has one that is not 0 to 31, or not 48 bytes");
        }
        if (pcrs.put((int) index, value) != null) {
          throw in.malformed("pcrs", "has one twice");
        }
      }
    }

    private void readBundle(CborReader in) {
      int count = in.array("cabundle", Certificates.MAX_CHAIN);
      for (int i = 0; i < count; i++) {
        bundle.add(Certificates.parse("cabundle", in.bytes("cabundle", MAX_CERTIFICATE_BYTES)));
      }
    }

    NitroDocument document(ByteString header, ByteString payload, ByteString signature) {
      // AWS writes the root first.
      List<X509Certificate> chain = new ArrayList<>(bundle.reversed());
      chain.addFirst(Certificates.parse("certificate", certificate));
      return new NitroDocument(
          header,
          payload,
          signature,
          chain,
          new NitroClaims(
              moduleId, Instant.ofEpochMilli(timestamp), pcrs, userData, nonce, publicKey));
    }
  }
}
