package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.FakeAuthority.Extra;
import io.parley.broker.evidence.trust.Hex;
import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import io.parley.wire.Digest;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Signature;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.security.interfaces.ECPublicKey;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;

/** A made-up Intel: root, a machine with its quoting enclave, quotes, and collateral. */
public final class FakeIntel {
  public static final Instant ISSUED = FakeAuthority.NOW.minusSeconds(86_400);
  public static final Instant NEXT = FakeAuthority.NOW.plusSeconds(86_400 * 30L);

  private final Instant issued;
  private final Instant next;

  private static final String SGX = "1.2.840.113741.1.13.1";
  private static final String P256 = "secp256r1";
  private static final int SVN = 5;
  private static final int PCE_SVN = 11;
  private static final byte[] AUTHENTICATION = new byte[32];

  public final FakeAuthority root = FakeAuthority.root("CN=Root CA", FakeAuthority.ec(P256));
  public final FakeAuthority issuer = root.issuer("CN=PCK Platform CA", FakeAuthority.ec(P256));
  public final FakeAuthority signer =
      root.leaf("CN=Intel SGX TCB Signing", FakeAuthority.ec(P256), List.of());
  public final FakeAuthority pck =
      issuer.leaf("CN=PCK", FakeAuthority.ec(P256), List.of(new Extra(SGX, extension())));
  public final KeyPair attestationKey = FakeAuthority.ec(P256);

  /** Whose collateral is of the time of these tests. */
  public FakeIntel() {
    this(ISSUED, NEXT);
  }

  /** Whose collateral is of another time. */
  public FakeIntel(Instant issued, Instant next) {
    this.issued = issued;
    this.next = next;
  }

  /** A body as a TD without anything special gets it; change it before it is quoted. */
  public ByteBuffer body(int version, byte[] reportData) {
    ByteBuffer body = little(version == 5 ? 648 : 584);
    // The TDX module is of version 1 and has an identity of its own.
    body.put(0, (byte) 4).put(1, (byte) 1).put(2, (byte) SVN);
    body.put(123, (byte) 0x10);
    for (int i = 0; i < 48; i++) {
      body.put(136 + i, (byte) 0xab).put(328 + i, (byte) 0xcd);
    }
    return body.put(520, reportData);
  }

  public ByteString quote(int version, byte[] reportData) {
    return quote(version, body(version, reportData));
  }

  public ByteString quote(int version, ByteBuffer body) {
    return quote(version, body, enclave());
  }

  /** The report of the enclave that quotes TDs, to change before it is signed. */
  public ByteBuffer enclave() {
    return enclave(IntelTee.TDX);
  }

  ByteBuffer enclave(IntelTee tee) {
    ByteBuffer enclave = little(384);
    enclave.put(48, (byte) 0x15).put(56, (byte) 0xe7);
    enclave.put(128, tee.signer().toByteArray());
    enclave.putShort(256, (short) tee.product()).putShort(258, (short) 6);
    return enclave.put(
        320, Digest.of(key().concat(ByteString.copyFrom(AUTHENTICATION))).value().toByteArray());
  }

  public ByteString quote(int version, ByteBuffer body, ByteBuffer enclave) {
    ByteString head = header(version, 0x81);
    if (version == 5) {
      head = head.concat(bytes(little(6).putShort((short) 3).putInt(648)));
    }
    ByteString certification = certification(enclave);
    return signed(
        head.concat(bytes(body)),
        bytes(little(6).putShort((short) 6).putInt(certification.size())).concat(certification));
  }

  private static ByteString header(int version, int tee) {
    ByteBuffer head = little(48).putShort((short) version).putShort((short) 2).putInt(tee);
    return bytes(head.putInt(0).put(Hex.parse("939a7233f79c4ca9940a0db3957f0607").toByteArray()));
  }

  private ByteString certification(ByteBuffer enclave) {
    ByteString pem = pem();
    return bytes(enclave)
        .concat(sign(pck.keys(), bytes(enclave)))
        .concat(bytes(little(2).putShort((short) AUTHENTICATION.length)))
        .concat(ByteString.copyFrom(AUTHENTICATION))
        .concat(bytes(little(6).putShort((short) 5).putInt(pem.size())))
        .concat(pem);
  }

  private ByteString signed(ByteString headAndBody, ByteString certification) {
    ByteString signature = sign(attestationKey, headAndBody).concat(key()).concat(certification);
    return headAndBody.concat(bytes(little(4).putInt(signature.size()))).concat(signature);
  }

  /** A report as an SGX enclave without anything special gets it, to change before it is quoted. */
  public ByteBuffer sgxReport(byte[] reportData) {
    ByteBuffer report = little(384).put(48, (byte) 5).put(56, (byte) 0xe7);
    for (int i = 0; i < 32; i++) {
      report.put(64 + i, (byte) 0xab).put(128 + i, (byte) 0xcd);
    }
    return report.put(320, reportData);
  }

  public ByteString sgxQuote(ByteBuffer report) {
    return sgxQuote(report, enclave(IntelTee.SGX));
  }

  public ByteString sgxQuote(ByteBuffer report, ByteBuffer enclave) {
    return signed(header(3, 0).concat(bytes(report)), certification(enclave));
  }

  /** What Intel says of the same platform to those who quote SGX enclaves. */
  public String sgxTcbInfo() {
    return tcbInfo().replace("\"id\":\"TDX\"", "\"id\":\"SGX\"");
  }

  public String sgxQeIdentity() {
    return qeIdentity()
        .replace("\"id\":\"TD_QE\"", "\"id\":\"QE\"")
        .replace(Hex.of(IntelTee.TDX.signer()), Hex.of(IntelTee.SGX.signer()))
        .replace("\"isvprodid\":2", "\"isvprodid\":1");
  }

  /**
   * Evidence's document: a quote over the statement, with everything that says it is up to date.
   */
  public ByteString document(LaunchStatement statement) {
    return document(
        statement, quote(5, statement.platformData().toByteArray()), answers(tcbInfo()));
  }

  /** The same with another quote and other collateral. */
  public ByteString document(
      LaunchStatement statement, ByteString quote, List<ByteString> collateral) {
    return new HardwareDocument(statement, quote, List.of(), collateral).encode();
  }

  /** Intel's answers as it publishes them: JSON, the signer's chain, revocation lists. */
  public List<ByteString> answers(String tcbInfo, X509CRL... lists) {
    List<ByteString> answers = new ArrayList<>();
    answers.add(answer("tcbInfo", tcbInfo));
    answers.add(answer("enclaveIdentity", qeIdentity()));
    answers.addAll(FakeAuthority.der(List.of(signer.certificate(), root.certificate())));
    answers.addAll(
        lists.length > 0
            ? FakeAuthority.der(lists)
            : FakeAuthority.der(root.revoking(issued, next), issuer.revoking(issued, next)));
    return answers;
  }

  private ByteString answer(String key, String text) {
    ByteString bytes = ByteString.copyFromUtf8(text);
    return ByteString.copyFromUtf8("{\"%s\":".formatted(key))
        .concat(bytes)
        .concat(
            ByteString.copyFromUtf8(
                ",\"signature\":\"%s\"}".formatted(Hex.of(sign(signer.keys(), bytes)))));
  }

  public Set<Digest> roots() {
    return Set.of(root.fingerprint());
  }

  /** Everything, and the platform up to date. */
  public TdxCollateral collateral() {
    return collateral(tcbInfo(), qeIdentity());
  }

  public TdxCollateral collateral(String tcbInfo, String qeIdentity) {
    return collateral(
        tcbInfo, qeIdentity, List.of(root.revoking(issued, next), issuer.revoking(issued, next)));
  }

  public TdxCollateral collateral(String tcbInfo, String qeIdentity, List<X509CRL> lists) {
    return new TdxCollateral(
        signed("TCB info", tcbInfo),
        signed("QE identity", qeIdentity),
        List.of(signer.certificate(), root.certificate()),
        new RevocationLists(lists));
  }

  public String tcbInfo() {
    return """
    {"id":"TDX","version":3,"issueDate":"%s","nextUpdate":"%s","fmspc":"00112233aabb",\
    "pceId":"0000","tcbEvaluationDataNumber":17,"tdxModule":{"mrsigner":"%s",\
    "attributes":"0000000000000000","attributesMask":"FFFFFFFFFFFFFFFF"},"tdxModuleIdentities":\
    [{"id":"TDX_01","mrsigner":"%s","attributes":"0000000000000000",\
    "attributesMask":"FFFFFFFFFFFFFFFF","tcbLevels":[{"tcb":{"isvsvn":4},"tcbDate":\
    "2026-01-01T00:00:00Z","tcbStatus":"UpToDate"},{"tcb":{"isvsvn":2},"tcbDate":\
    "2024-01-01T00:00:00Z","tcbStatus":"OutOfDate","advisoryIDs":["INTEL-SA-00003"]}]}],\
    "tcbLevels":[%s,%s]}\
    """
        .formatted(
            issued,
            next,
            "00".repeat(48),
            "00".repeat(48),
            level(SVN, "UpToDate", "[]"),
            level(SVN - 2, "OutOfDate", "[\"INTEL-SA-00001\"]"));
  }

  public String qeIdentity() {
    return """
    {"id":"TD_QE","version":2,"issueDate":"%s","nextUpdate":"%s","tcbEvaluationDataNumber":17,\
    "miscselect":"00000000","miscselectMask":"FFFFFFFF","attributes":\
    "11000000000000000000000000000000","attributesMask":"FBFFFFFFFFFFFFFF0000000000000000",\
    "mrsigner":"%s","isvprodid":2,"tcbLevels":[{"tcb":{"isvsvn":6},"tcbDate":\
    "2026-01-01T00:00:00Z","tcbStatus":"UpToDate"},{"tcb":{"isvsvn":4},"tcbDate":\
    "2024-01-01T00:00:00Z","tcbStatus":"OutOfDate","advisoryIDs":["INTEL-SA-00002"]}]}\
    """
        .formatted(issued, next, Hex.of(IntelTee.TDX.signer()));
  }

  public SignedJson signed(String what, String text) {
    ByteString bytes = ByteString.copyFromUtf8(text);
    return SignedJson.of(what, bytes, Hex.of(sign(signer.keys(), bytes)));
  }

  private static String level(int svn, String status, String advisories) {
    String components =
        String.join(",", java.util.Collections.nCopies(16, "{\"svn\":%d}".formatted(svn)));
    String tdx = "{\"svn\":9},{\"svn\":9},{\"svn\":%d}".formatted(svn) + ",{\"svn\":0}".repeat(13);
    return """
    {"tcb":{"sgxtcbcomponents":[%s],"pcesvn":%d,"tdxtcbcomponents":[%s]},"tcbDate":\
    "2026-01-01T00:00:00Z","tcbStatus":"%s","advisoryIDs":%s}\
    """
        .formatted(components, PCE_SVN, tdx, status, advisories);
  }

  private ByteString key() {
    ECPublicKey key = (ECPublicKey) attestationKey.getPublic();
    return scalar(key.getW().getAffineX()).concat(scalar(key.getW().getAffineY()));
  }

  private static ByteString scalar(BigInteger value) {
    byte[] bytes = value.toByteArray();
    byte[] fixed = new byte[32];
    int from = Math.max(0, bytes.length - 32);
    System.arraycopy(bytes, from, fixed, 32 - (bytes.length - from), bytes.length - from);
    return ByteString.copyFrom(fixed);
  }

  private ByteString pem() {
    StringBuilder pem = new StringBuilder();
    for (X509Certificate certificate :
        List.of(pck.certificate(), issuer.certificate(), root.certificate())) {
      try {
        pem.append("-----BEGIN CERTIFICATE-----\n")
            .append(
                Base64.getMimeEncoder(64, new byte[] {'\n'})
                    .encodeToString(certificate.getEncoded()))
            .append("\n-----END CERTIFICATE-----\n");
      } catch (CertificateEncodingException e) {
        throw new AssertionError(e);
      }
    }
    return ByteString.copyFrom(pem.toString(), StandardCharsets.US_ASCII)
        .concat(ByteString.copyFrom(new byte[1]));
  }

  private static byte[] extension() {
    ASN1EncodableVector tcb = new ASN1EncodableVector();
    for (int i = 1; i <= 17; i++) {
      tcb.add(pair("2." + i, new ASN1Integer(i == 17 ? PCE_SVN : SVN)));
    }
    ASN1EncodableVector all = new ASN1EncodableVector();
    all.add(pair("1", new DEROctetString(new byte[16])));
    all.add(pair("2", new DERSequence(tcb)));
    all.add(pair("3", new DEROctetString(new byte[2])));
    all.add(pair("4", new DEROctetString(Hex.parse("00112233aabb").toByteArray())));
    try {
      return new DERSequence(all).getEncoded();
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static DERSequence pair(String oid, org.bouncycastle.asn1.ASN1Encodable value) {
    ASN1EncodableVector pair = new ASN1EncodableVector();
    pair.add(new ASN1ObjectIdentifier(SGX + "." + oid));
    pair.add(value);
    return new DERSequence(pair);
  }

  private static ByteString sign(KeyPair keys, ByteString bytes) {
    try {
      Signature signature = Signature.getInstance("SHA256withECDSAinP1363Format");
      signature.initSign(keys.getPrivate());
      signature.update(bytes.toByteArray());
      return ByteString.copyFrom(signature.sign());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private static ByteBuffer little(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static ByteString bytes(ByteBuffer buffer) {
    return ByteString.copyFrom(buffer.array());
  }
}
