package io.parley.broker.evidence.tpm2;

import io.parley.agreement.platform.TpmPolicy;
import io.parley.broker.evidence.NotGenuineException;
import io.parley.wire.Reason;
import java.security.cert.X509Certificate;
import java.util.Locale;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.ASN1String;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.jspecify.annotations.Nullable;

/**
 * What an endorsement key's certificate says of its TPM, in a directory name among its subject's
 * alternative names (TCG, "EK Credential Profile" 2.5, section 3.1.2): who made it, and what it is.
 *
 * @param model such as "swtpm"
 */
record TpmModel(String manufacturer, String model, String version) {
  private static final String SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";
  private static final ASN1ObjectIdentifier MANUFACTURER = new ASN1ObjectIdentifier("2.23.133.2.1");
  private static final ASN1ObjectIdentifier MODEL = new ASN1ObjectIdentifier("2.23.133.2.2");
  private static final ASN1ObjectIdentifier VERSION = new ASN1ObjectIdentifier("2.23.133.2.3");
  private static final int MAX_CHARS = 128;

  /**
   * Reads. A certificate that does not say what it is of could be of an emulation.
   *
   * @throws NotGenuineException EVIDENCE_CHAIN_WRONG when one of the three is missing
   */
  static TpmModel of(X509Certificate certificate) throws NotGenuineException {
    @Nullable String manufacturer = null;
    @Nullable String model = null;
    @Nullable String version = null;
    for (RDN part : parts(certificate)) {
      for (AttributeTypeAndValue each : part.getTypesAndValues()) {
        if (each.getType().equals(MANUFACTURER)) {
          manufacturer = once(manufacturer, each);
        } else if (each.getType().equals(MODEL)) {
          model = once(model, each);
        } else if (each.getType().equals(VERSION)) {
          version = once(version, each);
        }
      }
    }
    if (manufacturer == null || model == null || version == null) {
      throw wrong("none, or a part of it");
    }
    return new TpmModel(manufacturer, model, version);
  }

  /** Which of the emulated TPMs that are known it is; empty for none of them. */
  String emulator() {
    String seen = model.toLowerCase(Locale.ROOT);
    return TpmPolicy.EMULATORS.stream().filter(seen::contains).findFirst().orElse("");
  }

  private static String once(@Nullable String before, AttributeTypeAndValue attribute)
      throws NotGenuineException {
    if (before != null
        || !(attribute.getValue() instanceof ASN1String text)
        || text.getString().isBlank()
        || text.getString().length() > MAX_CHARS) {
      throw wrong("twice, or no text");
    }
    return text.getString();
  }

  private static RDN[] parts(X509Certificate certificate) throws NotGenuineException {
    byte[] extension = certificate.getExtensionValue(SUBJECT_ALTERNATIVE_NAME);
    if (extension == null) {
      throw wrong("none");
    }
    try {
      for (GeneralName name :
          GeneralNames.getInstance(ASN1OctetString.getInstance(extension).getOctets()).getNames()) {
        if (name.getTagNo() == GeneralName.directoryName) {
          return X500Name.getInstance(name.getName()).getRDNs();
        }
      }
    } catch (IllegalArgumentException e) {
      throw wrong("something that cannot be read");
    }
    throw wrong("no directory name");
  }

  private static NotGenuineException wrong(String seen) {
    return new NotGenuineException(
        Reason.EVIDENCE_CHAIN_WRONG,
        "EK.subject_alternative_name",
        "the certificate does not say what TPM it is of",
        "manufacturer, model and version of the TPM",
        seen);
  }
}
