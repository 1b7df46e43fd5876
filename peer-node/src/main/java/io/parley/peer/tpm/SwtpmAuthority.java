package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.util.List;
import java.util.Map;

/**
 * The party's own authority for certificates of emulated TPMs: swtpm-localca's, in a folder of the
 * node's home. It proves nothing to others but that this node made them: whoever holds the folder
 * can certify what they like.
 */
final class SwtpmAuthority {
  private static final String ROOT = "swtpm-localca-rootca-cert.pem";
  private static final String ISSUER = "issuercert.pem";

  private final Path folder;
  private final Path configuration;

  private SwtpmAuthority(Path folder, Path configuration) {
    this.folder = folder;
    this.configuration = configuration;
  }

  /**
   * Makes the folder where it is missing; keys come with the first certificate.
   *
   * @param folder where the keys stay
   * @param workspace private and empty; gets configuration, so that nothing of the system's is used
   */
  static SwtpmAuthority open(Path folder, Path workspace) throws IOException {
    Files.createDirectories(folder);
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwx------"));
    Path real = folder.toRealPath();
    String tool = SwtpmTools.authority();
    Path issuing = workspace.resolve("swtpm-localca.conf");
    Path options = workspace.resolve("swtpm-localca.options");
    Path setup = workspace.resolve("swtpm_setup.conf");
    Files.writeString(
        issuing,
        """
        statedir = %1$s
        signingkey = %1$s/signkey.pem
        issuercert = %1$s/%2$s
        certserial = %1$s/certserial
        """
            .formatted(real, ISSUER));
    Files.writeString(
        options,
        """
        --platform-manufacturer Parley
        --platform-version 1
        --platform-model swtpm
        """);
    Files.writeString(
        setup,
        """
        create_certs_tool = %s
        create_certs_tool_config = %s
        create_certs_tool_options = %s
        active_pcr_banks = sha256
        """
            .formatted(tool, issuing, options));
    return new SwtpmAuthority(real, setup);
  }

  /** Where the keys are. */
  Path folder() {
    return folder;
  }

  /** The file for swtpm_setup. */
  Path configuration() {
    return configuration;
  }

  /** DER certificates above those of endorsement keys: the issuer's, and the root. */
  List<ByteString> chain() throws IOException {
    return List.of(certificate(ISSUER), certificate(ROOT));
  }

  private ByteString certificate(String name) throws IOException {
    Path file = folder.resolve(name);
    try (InputStream in = Files.newInputStream(file)) {
      return ByteString.copyFrom(
          CertificateFactory.getInstance("X.509").generateCertificate(in).getEncoded());
    } catch (CertificateException e) {
      throw new EnvironmentException(
          Reason.PLATFORM_UNAVAILABLE,
          "%s is no certificate; remove the folder to let a new authority be made, which other parties must then agree to"
              .formatted(file),
          Map.of("file", file.toString()),
          e);
    }
  }
}
