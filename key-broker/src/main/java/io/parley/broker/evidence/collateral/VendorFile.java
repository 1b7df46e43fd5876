package io.parley.broker.evidence.collateral;

import com.google.protobuf.ByteString;
import io.parley.evidence.tsm.SnpCertificateTable;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file in any form that vendors publish: raw bytes, hex digits, base64, or PEM; PEM also as it is
 * in the head of an answer over HTTP, and certificates as an SEV-SNP host hands them to its guests.
 */
public final class VendorFile {
  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_BLOCKS = 16;
  private static final String BEGIN = "-----BEGIN ";
  private static final String ESCAPED_BEGIN = "-----BEGIN%20";
  private static final Pattern PEM =
      Pattern.compile("-----BEGIN ([A-Z0-9 ]{1,40})-----([A-Za-z0-9+/=\\s]*+)-----END \\1-----");

  private VendorFile() {}

  /**
   * The bytes, decoded where they are hex digits, base64 or one block of PEM.
   *
   * @throws IOException when it cannot be read, is too large, or is PEM of more than one block
   */
  public static ByteString bytes(Path file) throws IOException {
    ByteString raw = raw(file);
    // A quote has PEM inside; only a file that begins with it is PEM.
    if (!TextForms.withoutMark(raw).startsWith(ByteString.copyFromUtf8(BEGIN))) {
      return TextForms.decoded(raw);
    }
    List<ByteString> blocks = blocks(file, raw);
    if (blocks.size() != 1) {
      throw new IOException("%s has %d PEM blocks, not one".formatted(file, blocks.size()));
    }
    return blocks.getFirst();
  }

  /**
   * One block of JSON or DER, all blocks of a PEM text, in their order, or the certificates and
   * lists of an SEV-SNP host's table.
   *
   * @throws IOException when it cannot be read, or is PEM or a table that is not whole
   */
  public static List<ByteString> blocks(Path file) throws IOException {
    return blocks(file, raw(file));
  }

  private static List<ByteString> blocks(Path file, ByteString raw) throws IOException {
    String written = TextForms.withoutMark(raw).toString(StandardCharsets.ISO_8859_1);
    boolean json = written.stripLeading().startsWith("{");
    String text = json ? written : TextForms.unescaped(written, ESCAPED_BEGIN);
    return json || !text.contains(BEGIN) ? parts(file, TextForms.decoded(raw)) : pem(file, text);
  }

  private static List<ByteString> parts(Path file, ByteString bytes) throws IOException {
    if (!SnpCertificateTable.isOne(bytes)) {
      return List.of(bytes);
    }
    try {
      SnpCertificateTable table = SnpCertificateTable.parse(bytes);
      return Stream.concat(table.certificates().stream(), table.lists().stream()).toList();
    } catch (RefusedException e) {
      throw new IOException("%s: %s".formatted(file, e.getMessage()), e);
    }
  }

  private static List<ByteString> pem(Path file, String text) throws IOException {
    List<ByteString> blocks = new ArrayList<>();
    Matcher block = PEM.matcher(text);
    int from = text.indexOf(BEGIN);
    while (from >= 0) {
      if (blocks.size() == MAX_BLOCKS || !block.region(from, text.length()).lookingAt()) {
        throw new IOException("%s is not whole PEM blocks, at most %d".formatted(file, MAX_BLOCKS));
      }
      blocks.add(base64(file, block.group(2)));
      from = text.indexOf(BEGIN, block.end());
    }
    return blocks;
  }

  private static ByteString base64(Path file, String text) throws IOException {
    try {
      return ByteString.copyFrom(Base64.getDecoder().decode(text.replaceAll("\\s", "")));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " has a PEM block that is not base64", e);
    }
  }

  /**
   * The bytes as they are.
   *
   * @throws IOException when it cannot be read, or is too large
   */
  public static ByteString raw(Path file) throws IOException {
    // A pipe that nobody writes to would be waited for without end.
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      throw new IOException(file + " is not a file");
    }
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw new IOException("%s is larger than %d bytes".formatted(file, MAX_BYTES));
      }
      return ByteString.copyFrom(bytes);
    }
  }
}
