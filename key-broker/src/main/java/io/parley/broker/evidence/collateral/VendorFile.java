package io.parley.broker.evidence.collateral;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A file in any form that vendors publish: raw bytes, hex digits, base64, or PEM. */
public final class VendorFile {
  private static final int MAX_BYTES = 8 << 20;
  private static final int MAX_BLOCKS = 16;
  private static final String BEGIN = "-----BEGIN ";
  private static final Pattern HEX = Pattern.compile("(0x)?[0-9a-fA-F]+");
  private static final Pattern BASE64 = Pattern.compile("[A-Za-z0-9+/_-]{8,}+={0,2}");
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
    if (!raw.startsWith(ByteString.copyFromUtf8(BEGIN))) {
      return decoded(raw);
    }
    List<ByteString> blocks = blocks(file);
    if (blocks.size() != 1) {
      throw new IOException("%s has %d PEM blocks, not one".formatted(file, blocks.size()));
    }
    return blocks.getFirst();
  }

  /**
   * One block of JSON or DER, or all blocks of a PEM text, in their order.
   *
   * @throws IOException when it cannot be read, or is PEM that is not whole
   */
  public static List<ByteString> blocks(Path file) throws IOException {
    ByteString raw = raw(file);
    String text = raw.toString(StandardCharsets.ISO_8859_1);
    if (text.stripLeading().startsWith("{") || !text.contains(BEGIN)) {
      return List.of(decoded(raw));
    }
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

  private static ByteString decoded(ByteString raw) {
    String written = raw.toString(StandardCharsets.ISO_8859_1);
    if (written.stripLeading().startsWith("{")) {
      return ByteString.copyFrom(written.strip(), StandardCharsets.ISO_8859_1);
    }
    String text = written.replaceAll("\\s", "");
    if (HEX.matcher(text).matches() && text.length() % 2 == 0) {
      int from = text.startsWith("0x") ? 2 : 0;
      return ByteString.copyFrom(HexFormat.of().parseHex(text, from, text.length()));
    }
    if (BASE64.matcher(text).matches()) {
      try {
        String standard = text.replace('-', '+').replace('_', '/');
        return ByteString.copyFrom(Base64.getDecoder().decode(standard));
      } catch (IllegalArgumentException e) {
        return raw;
      }
    }
    return raw;
  }
}
