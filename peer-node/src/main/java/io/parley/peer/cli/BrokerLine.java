package io.parley.peer.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.identity.Broker;
import io.parley.identity.BrokerIdentity;
import io.parley.identity.CaCertificate;
import io.parley.identity.VerifyingKey;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A broker's public half: from its home, or from one line of text that travels. */
final class BrokerLine {
  private static final String PREFIX = "parley-broker:";
  private static final Pattern LISTEN =
      Pattern.compile("(?m)^listen:\\s*[\"']?([^\"'\\s#]+)[\"']?");
  private static final Pattern MEMBERSHIP =
      Pattern.compile("(?m)^membership:\\s*[\"']?([^\"'\\n#]+?)[\"']?\\s*$");

  private BrokerLine() {}

  static String of(Broker broker) {
    return PREFIX
        + Base64.getUrlEncoder()
            .withoutPadding()
            .encodeToString(
                io.parley.proto.agreement.v1.BrokerIdentity.newBuilder()
                    .setName(broker.name())
                    .setSigningKey(broker.signingKey().value())
                    .setCaCertificate(broker.ca().der())
                    .setAddress(broker.address())
                    .build()
                    .toByteArray());
  }

  /**
   * The broker that a folder, a file or a line names.
   *
   * @param address where members reach it, when that is not what it says itself
   */
  static Broker resolve(String which, @Nullable String address) throws IOException {
    if (which.startsWith(PREFIX)) {
      return parse(which, address);
    }
    Path path = Path.of(which);
    return Files.isDirectory(path) ? ofHome(path, address) : parse(Files.readString(path), address);
  }

  static Broker ofHome(Path home, @Nullable String address) throws IOException {
    BrokerIdentity identity = BrokerIdentity.load(home.resolve("identity"));
    return identity.broker(address == null ? listen(home) : address);
  }

  private static String listen(Path home) throws IOException {
    Matcher found = LISTEN.matcher(Files.readString(home.resolve("broker.yaml")));
    if (!found.find() || found.group(1).endsWith(":0") || found.group(1).startsWith("0.0.0.0")) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the broker's own file does not say where members reach it; give --broker-address",
          Map.of("home", home.toString()));
    }
    return found.group(1);
  }

  /** Where this broker takes its first lists from. */
  static Path membershipFolder(Path home) {
    try {
      Matcher found = MEMBERSHIP.matcher(Files.readString(home.resolve("broker.yaml")));
      return home.resolve(found.find() ? found.group(1).strip() : "../consortium")
          .toAbsolutePath()
          .normalize();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static Broker parse(String text, @Nullable String address) {
    String line = text.strip();
    try {
      if (line.startsWith(PREFIX)) {
        var message =
            io.parley.proto.agreement.v1.BrokerIdentity.parseFrom(
                Base64.getUrlDecoder().decode(line.substring(PREFIX.length())));
        return new Broker(
            message.getName(),
            new VerifyingKey(message.getSigningKey()),
            CaCertificate.parse(message.getCaCertificate()),
            address == null ? message.getAddress() : address);
      }
    } catch (IllegalArgumentException | InvalidProtocolBufferException e) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the broker's line cannot be read; was it copied whole?",
          Map.of(),
          e);
    }
    throw new RefusedException(
        Reason.INVALID_REQUEST,
        "expected a broker's home, or the line that 'parley broker show' writes, starting with "
            + PREFIX);
  }
}
