package io.parley.broker.evidence.nitro;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A made-up AWS: root, issuer, a machine, and documents that it signs. */
public final class FakeAws {
  private static final String P384 = "secp384r1";
  private static final ByteString HEADER =
      ByteString.copyFrom(new byte[] {(byte) 0xa1, 1, 0x38, 34});

  public final FakeAuthority root =
      FakeAuthority.root("CN=aws.nitro-enclaves", FakeAuthority.ec(P384));
  public final FakeAuthority issuer = root.issuer("CN=zone", FakeAuthority.ec(P384));
  public final FakeAuthority leaf = issuer.leaf("CN=i-1", FakeAuthority.ec(P384), List.of());

  /** The payload of a document as an enclave without anything special gets it; change it. */
  public Map<String, byte[]> payload(byte[] userData) {
    Map<String, byte[]> payload = new LinkedHashMap<>();
    payload.put("module_id", text("i-1-enc1"));
    payload.put("digest", text("SHA384"));
    payload.put("timestamp", number(FakeAuthority.NOW.toEpochMilli()));
    Map<Integer, byte[]> pcrs = new LinkedHashMap<>();
    for (int i = 0; i < 16; i++) {
      byte[] pcr = new byte[48];
      pcr[0] = (byte) (i + 1);
      pcrs.put(i, pcr);
    }
    payload.put("pcrs", pcrs(pcrs));
    payload.put("certificate", bytes(der(leaf)));
    payload.put("cabundle", join(new byte[] {(byte) 0x82}, bytes(der(root)), bytes(der(issuer))));
    payload.put("public_key", new byte[] {(byte) 0xf6});
    payload.put("user_data", bytes(userData));
    payload.put("nonce", new byte[] {(byte) 0xf6});
    return payload;
  }

  public ByteString document(byte[] userData) {
    return sign(encode(payload(userData)));
  }

  /** Evidence's document: an attestation document with the statement's hash as its user data. */
  public ByteString document(LaunchStatement statement) {
    return document(statement, document(statement.platformData().toByteArray()));
  }

  /** The same with another attestation document. */
  public ByteString document(LaunchStatement statement, ByteString attestation) {
    return new HardwareDocument(statement, attestation, List.of(), List.of()).encode();
  }

  public static ByteString encode(Map<String, byte[]> payload) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(0xa0 + payload.size());
    payload.forEach((key, value) -> {
      out.writeBytes(text(key));
      out.writeBytes(value);
    });
    return ByteString.copyFrom(out.toByteArray());
  }

  public ByteString sign(ByteString payload) {
    ByteString body =
        ByteString.copyFrom(bytes(HEADER.toByteArray()))
            .concat(ByteString.copyFrom(new byte[] {(byte) 0x40}))
            .concat(ByteString.copyFrom(bytes(payload.toByteArray())));
    ByteString signed =
        ByteString.copyFrom(new byte[] {(byte) 0x84})
            .concat(ByteString.copyFrom(text("Signature1")))
            .concat(body);
    try {
      Signature signature = Signature.getInstance("SHA384withECDSAinP1363Format");
      signature.initSign(leaf.keys().getPrivate());
      signature.update(signed.toByteArray());
      return ByteString.copyFrom(new byte[] {(byte) 0x84})
          .concat(ByteString.copyFrom(bytes(HEADER.toByteArray())))
          .concat(ByteString.copyFrom(new byte[] {(byte) 0xa0}))
          .concat(ByteString.copyFrom(bytes(payload.toByteArray())))
          .concat(ByteString.copyFrom(bytes(signature.sign())));
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  public static byte[] pcrs(Map<Integer, byte[]> pcrs) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(head(0xa0, pcrs.size()));
    pcrs.forEach((index, value) -> {
      out.writeBytes(head(0, index));
      out.writeBytes(bytes(value));
    });
    return out.toByteArray();
  }

  public static byte[] text(String text) {
    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
    return join(head(0x60, utf8.length), utf8);
  }

  public static byte[] bytes(byte[] bytes) {
    return join(head(0x40, bytes.length), bytes);
  }

  public static byte[] number(long value) {
    return ByteBuffer.allocate(9).put((byte) 0x1b).putLong(value).array();
  }

  public static byte[] time(Instant at) {
    return number(at.toEpochMilli());
  }

  private static byte[] head(int type, int size) {
    if (size < 24) {
      return new byte[] {(byte) (type | size)};
    }
    return size < 256
        ? new byte[] {(byte) (type | 24), (byte) size}
        : new byte[] {(byte) (type | 25), (byte) (size >> 8), (byte) size};
  }

  private static byte[] join(byte[]... parts) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      out.writeBytes(part);
    }
    return out.toByteArray();
  }

  private static byte[] der(FakeAuthority authority) {
    try {
      return authority.certificate().getEncoded();
    } catch (CertificateEncodingException e) {
      throw new AssertionError(e);
    }
  }
}
