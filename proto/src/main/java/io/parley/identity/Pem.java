package io.parley.identity;

import io.parley.wire.BugException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.bouncycastle.util.io.pem.PemWriter;

/** RFC 7468 text. */
final class Pem {
  static final String PRIVATE_KEY = "PRIVATE KEY";
  static final String CERTIFICATE = "CERTIFICATE";
  static final String CERTIFICATE_REQUEST = "CERTIFICATE REQUEST";

  private static final int MAX_BLOCKS = 8;

  private Pem() {}

  static byte[] encode(String type, byte[]... blocks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (PemWriter writer = new PemWriter(new OutputStreamWriter(out, StandardCharsets.US_ASCII))) {
      for (byte[] block : blocks) {
        writer.writeObject(new PemObject(type, block));
      }
    } catch (IOException e) {
      throw new BugException("writing to memory failed", e);
    }
    return out.toByteArray();
  }

  static byte[] decodeOne(String type, byte[] text, Path file) {
    List<byte[]> blocks = decode(type, text, file);
    if (blocks.size() != 1) {
      throw refused(file, type, "%d of them".formatted(blocks.size()));
    }
    return blocks.getFirst();
  }

  static List<byte[]> decode(String type, byte[] text, Path file) {
    List<byte[]> blocks = new ArrayList<>();
    try (PemReader reader =
        new PemReader(
            new InputStreamReader(new ByteArrayInputStream(text), StandardCharsets.US_ASCII))) {
      for (PemObject block = reader.readPemObject();
          block != null;
          block = reader.readPemObject()) {
        if (!block.getType().equals(type) || blocks.size() == MAX_BLOCKS) {
          throw refused(file, type, "something else or too much");
        }
        blocks.add(block.getContent());
      }
    } catch (IOException | RuntimeException e) {
      if (e instanceof RefusedException refused) {
        throw refused;
      }
      throw refused(file, type, "no PEM");
    }
    return blocks;
  }

  private static RefusedException refused(Path file, String type, String came) {
    return new RefusedException(
        Reason.INVALID_CONFIG,
        "%s: expected PEM with BEGIN %s, came %s".formatted(file, type, came),
        Map.of("file", file.toString()));
  }
}
