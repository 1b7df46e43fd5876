package io.parley.broker.evidence;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.trust.Certificates;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

/** Real reports with their chains, where they are: they are not ours to ship. */
public final class Vectors {
  public static final String TRUSTEE = "confidential-containers+trustee/deps/verifier/test_data/";
  public static final String TRUSTEE_SNP = "confidential-containers+trustee/deps/verifier/src/snp/";
  public static final String GO_SEV = "google+go-sev-guest/verify/";
  public static final String GO_TDX = "google+go-tdx-guest/testing/testdata/";
  public static final String PHALA = "Phala-Network+dcap-qvl/sample/";
  public static final String NITRO = "evervault+attestation-doc-validation/test-data/";

  private static final Path FOLDER =
      Path.of(System.getProperty("parley.shared", "../shared"), "vectors");

  private Vectors() {}

  /** Skips the test where the vectors are not there. */
  public static void assumePresent() {
    assumeTrue(
        Files.isDirectory(FOLDER),
        () -> "skipped: no " + FOLDER.toAbsolutePath() + " (parley.shared)");
  }

  public static Path path(String name) {
    assumePresent();
    return FOLDER.resolve(name);
  }

  public static ByteString bytes(String name) {
    try {
      return ByteString.copyFrom(Files.readAllBytes(path(name)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static String text(String name) {
    return bytes(name).toStringUtf8();
  }

  public static List<X509Certificate> pem(String name) {
    return Certificates.parsePem(name, text(name));
  }

  public static X509Certificate der(String name) {
    return Certificates.parse(name, bytes(name));
  }
}
