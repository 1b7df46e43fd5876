package io.parley.broker.evidence.azure;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.sevsnp.FakeAmd;
import io.parley.broker.evidence.tpm2.FakeTpm;
import io.parley.wire.Digest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.cert.CertificateEncodingException;
import java.security.interfaces.RSAPublicKey;
import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** A made-up confidential machine of Azure's, on a made-up processor of AMD's. */
public final class FakeAzure {
  private static final int HCL_BYTES = 2600;
  private static final int HEAD_BYTES = 32;
  private static final int DATA_HEAD_BYTES = 20;
  private static final int REPORT_DATA_BYTES = 64;

  public final FakeAmd amd;
  public final FakeTpm tpm = FakeTpm.rsa();

  public FakeAzure(FakeAmd amd) {
    this.amd = amd;
  }

  /** What the paravisor says of the machine. */
  public String data() {
    RSAPublicKey key = (RSAPublicKey) tpm.attestation.getPublic();
    byte[] modulus = key.getModulus().toByteArray();
    return """
    {"keys":[{"kid":"HCLAkPub","key_ops":["sign"],"kty":"RSA","e":"AQAB","n":"%s"},\
    {"kid":"HCLEkPub","key_ops":["encrypt"],"kty":"RSA","e":"AQAB","n":"AQAB"}],\
    "vm-configuration":{"secure-boot":true,"vmUniqueId":"1"},"user-data":"%s"}\
    """
        .formatted(
            Base64.getUrlEncoder()
                .withoutPadding()
                .encodeToString(Arrays.copyOfRange(modulus, 1, modulus.length)),
            "00".repeat(64));
  }

  /** The report over this data, and the data. */
  public ByteString hcl(String data) {
    return hcl(data, report -> report);
  }

  /**
   * The same with something changed before the processor signs.
   *
   * @param change of the report, little-endian
   */
  public ByteString hcl(String data, UnaryOperator<ByteBuffer> change) {
    byte[] bytes = data.getBytes(StandardCharsets.UTF_8);
    byte[] reportData = Arrays.copyOf(Digest.of(bytes).value().toByteArray(), REPORT_DATA_BYTES);
    ByteString report = amd.sign(change.apply(amd.unsigned(reportData)));
    int dataBytes = DATA_HEAD_BYTES + bytes.length;
    ByteBuffer hcl =
        ByteBuffer.allocate(HCL_BYTES)
            .order(ByteOrder.LITTLE_ENDIAN)
            .put("HCLA".getBytes(StandardCharsets.UTF_8))
            .putInt(2)
            .putInt(HEAD_BYTES + report.size() + dataBytes)
            .putInt(2)
            .position(HEAD_BYTES)
            .put(report.toByteArray())
            .putInt(dataBytes)
            .putInt(1)
            .putInt(2)
            .putInt(1)
            .putInt(bytes.length)
            .put(bytes);
    return ByteString.copyFrom(hcl.array());
  }

  /** Evidence over this data. */
  public ByteString evidence(byte[] extraData) {
    return evidence(hcl(data()), tpm, extraData);
  }

  /** With this report, and a quote of this TPM. */
  public ByteString evidence(ByteString hcl, FakeTpm quoting, byte[] extraData) {
    ByteString attest = FakeTpm.attest(extraData);
    return json(hcl, attest, quoting.sign(attest));
  }

  /** Of these parts. */
  public ByteString json(ByteString hcl, ByteString attest, ByteString signature) {
    try {
      return ByteString.copyFromUtf8(
          """
          {"version": 1, "hcl_report": "%s", "vcek": "%s", "tpm_quote":\
           {"message": "%s", "signature": "%s", "pcrs": [%s]}}\
          """
              .formatted(
                  Base64.getUrlEncoder().encodeToString(hcl.toByteArray()),
                  Base64.getUrlEncoder().encodeToString(amd.leaf.certificate().getEncoded()),
                  hex(attest),
                  hex(signature),
                  FakeTpm.pcrs().stream()
                      .map(pcr -> '"' + hex(pcr) + '"')
                      .collect(Collectors.joining(", "))));
    } catch (CertificateEncodingException e) {
      throw new AssertionError(e);
    }
  }

  private static String hex(ByteString bytes) {
    return HexFormat.of().formatHex(bytes.toByteArray());
  }
}
