package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.FakeAuthority;
import io.parley.broker.evidence.FakeAuthority.Extra;
import io.parley.broker.evidence.trust.Octets;
import io.parley.evidence.HardwareDocument;
import io.parley.evidence.LaunchStatement;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.GeneralSecurityException;
import java.security.Signature;
import java.security.cert.X509CRL;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bouncycastle.asn1.ASN1Integer;
import org.bouncycastle.asn1.DERIA5String;

/** A made-up AMD: root, issuers, chips of every product, and reports that they sign. */
public final class FakeAmd {
  private static final String AMD = "1.3.6.1.4.1.3704.1.";
  private static final int SIGNED_BYTES = 0x2a0;

  public final SnpProduct product;
  public final boolean vlek;
  public final FakeAuthority root;
  public final FakeAuthority issuer;
  public final FakeAuthority leaf;
  public final byte[] chipId;

  /** Security versions of every chip: bootloader, tee, snp, microcode, fmc. */
  private static final int BOOTLOADER = 4;

  private static final int TEE = 1;
  private static final int SNP = 20;
  private static final int MICROCODE = 209;
  private static final int FMC = 7;

  private FakeAmd(SnpProduct product, boolean vlek, FakeAuthority root) {
    this.product = product;
    this.vlek = vlek;
    this.root = root;
    this.issuer =
        root.issuer(
            "CN=SEV-%s%s".formatted(vlek ? "VLEK-" : "", product.text()), FakeAuthority.rsa());
    this.chipId = new byte[64];
    Arrays.fill(chipId, 0, product.chipIdBytes(), (byte) 0x5c);
    this.leaf = chip(FakeAuthority.FROM, FakeAuthority.TO);
  }

  public static FakeAmd vcek(SnpProduct product) {
    return new FakeAmd(product, false, ark(product));
  }

  public static FakeAmd vlek(SnpProduct product) {
    return new FakeAmd(product, true, ark(product));
  }

  private static FakeAuthority ark(SnpProduct product) {
    return FakeAuthority.root("CN=ARK-" + product.text(), FakeAuthority.rsa());
  }

  /** A key of the same chip and versions, with another time of validity. */
  public FakeAuthority chip(Instant from, Instant to) {
    List<Extra> extras = new ArrayList<>();
    extras.add(
        extra(
            "2",
            new DERIA5String(
                product.name().charAt(0) + product.text().substring(1) + (vlek ? "" : "-B0"))));
    extras.add(extra("3.1", new ASN1Integer(BOOTLOADER)));
    extras.add(extra("3.2", new ASN1Integer(TEE)));
    extras.add(extra("3.3", new ASN1Integer(SNP)));
    extras.add(extra("3.8", new ASN1Integer(MICROCODE)));
    if (product == SnpProduct.TURIN) {
      extras.add(extra("3.9", new ASN1Integer(FMC)));
    }
    if (vlek) {
      extras.add(extra("5", new DERIA5String("a cloud")));
    } else {
      extras.add(new Extra(AMD + "4", Arrays.copyOf(chipId, product.chipIdBytes())));
    }
    return issuer.leaf(
        "CN=SEV-" + (vlek ? "VLEK" : "VCEK"), FakeAuthority.ec("secp384r1"), from, to, extras);
  }

  public SnpRoots roots() {
    return new SnpRoots(Map.of(product, root.fingerprint()));
  }

  public List<X509Certificate> chain() {
    return List.of(leaf.certificate(), issuer.certificate(), root.certificate());
  }

  /** What a host gives its guests beside a report: the chain, and a list that revokes nobody. */
  public ByteString certificateTable() {
    Map<String, byte[]> parts = new LinkedHashMap<>();
    try {
      parts.put(
          vlek ? "a8074bc2a25a483eaae639c045a0b8a1" : "63da758de6644564adc5f4b93be8accd",
          leaf.certificate().getEncoded());
      parts.put("4ab7b379bbac4fe4a02f05aef327c782", issuer.certificate().getEncoded());
      parts.put("c0b406a4a803495297433fb6014cd0ae", root.certificate().getEncoded());
      parts.put(
          "92f81bc358114d3d97ffd19f88dc67ea",
          root.revoking(FakeAuthority.FROM, FakeAuthority.TO).getEncoded());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
    int at = 24 * (parts.size() + 1);
    ByteBuffer table = ByteBuffer.allocate(16 << 10).order(ByteOrder.LITTLE_ENDIAN);
    for (Map.Entry<String, byte[]> part : parts.entrySet()) {
      table.put(HexFormat.of().parseHex(part.getKey())).putInt(at).putInt(part.getValue().length);
      table.put(at, part.getValue());
      at += part.getValue().length;
    }
    return ByteString.copyFrom(table.array(), 0, at);
  }

  /** A report over this report data, as a guest without anything special gets it. */
  public ByteString report(byte[] reportData) {
    return sign(unsigned(reportData));
  }

  /**
   * Evidence's document: a report over the statement, the chain, and a list that revokes nothing.
   */
  public ByteString document(LaunchStatement statement) {
    return document(statement, report(statement.platformData().toByteArray()), chain());
  }

  /** The same with another report and other certificates. */
  public ByteString document(
      LaunchStatement statement, ByteString report, List<X509Certificate> certificates) {
    return document(
        statement, report, certificates, root.revoking(FakeAuthority.FROM, FakeAuthority.TO));
  }

  /** The same with other revocation lists. */
  public ByteString document(
      LaunchStatement statement,
      ByteString report,
      List<X509Certificate> certificates,
      X509CRL... lists) {
    return new HardwareDocument(
            statement, report, FakeAuthority.der(certificates), FakeAuthority.der(lists))
        .encode();
  }

  /** A report to change before it is signed; little-endian. */
  public ByteBuffer unsigned(byte[] reportData) {
    ByteBuffer report =
        ByteBuffer.allocate(SnpReportParser.SIZE_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    report.putInt(0, 3).putLong(8, 0x30000).putInt(0x34, 1).putInt(0x48, vlek ? 4 : 0);
    report.put(0x50, reportData);
    byte[] measurement = new byte[48];
    Arrays.fill(measurement, (byte) 0xab);
    report.put(0x90, measurement).put(0x180, tcb());
    boolean turin = product == SnpProduct.TURIN;
    report.put(0x188, (byte) (turin ? 0x1a : 0x19));
    report.put(0x189, (byte) (product == SnpProduct.GENOA ? 0x11 : 0x01));
    return report.put(0x1a0, vlek ? new byte[64] : chipId);
  }

  public ByteString sign(ByteBuffer report) {
    try {
      Signature signature = Signature.getInstance("SHA384withECDSAinP1363Format");
      signature.initSign(leaf.keys().getPrivate());
      signature.update(report.array(), 0, SIGNED_BYTES);
      ByteString rs = ByteString.copyFrom(signature.sign());
      report.put(0x2a0, Octets.reversed(rs.substring(0, 48)).toByteArray());
      report.put(0x2a0 + 72, Octets.reversed(rs.substring(48)).toByteArray());
      return ByteString.copyFrom(report.array());
    } catch (GeneralSecurityException e) {
      throw new AssertionError(e);
    }
  }

  private byte[] tcb() {
    byte[] tcb = new byte[8];
    int first = product == SnpProduct.TURIN ? 1 : 0;
    tcb[0] = FMC;
    tcb[first] = BOOTLOADER;
    tcb[first + 1] = TEE;
    tcb[product == SnpProduct.TURIN ? 3 : 6] = SNP;
    tcb[7] = (byte) MICROCODE;
    return tcb;
  }

  private static Extra extra(String oid, org.bouncycastle.asn1.ASN1Encodable value) {
    try {
      return new Extra(AMD + oid, value.toASN1Primitive().getEncoded());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
