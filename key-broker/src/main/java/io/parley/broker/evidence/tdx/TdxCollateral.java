package io.parley.broker.evidence.tdx;

import io.parley.broker.evidence.trust.RevocationLists;
import io.parley.broker.evidence.trust.Validity;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What Intel publishes about its machines, as it came along; none of it is believed yet. Immutable.
 *
 * @param tcbInfo which versions of the platform are how old; null when it is not there
 * @param qeIdentity which quoting enclaves are Intel's; null when it is not there
 * @param certificates of the key that signed these two, up to the root
 * @param lists of the root and of the issuer of machines' certificates
 */
public record TdxCollateral(
    @Nullable SignedJson tcbInfo,
    @Nullable SignedJson qeIdentity,
    List<X509Certificate> certificates,
    RevocationLists lists) {
  /** None at all: claims then say NOT_CHECKED. */
  public static final TdxCollateral NONE =
      new TdxCollateral(null, null, List.of(), RevocationLists.NONE);

  public TdxCollateral {
    certificates = List.copyOf(certificates);
  }

  /**
   * The time in which all that is there is valid.
   *
   * @throws io.parley.wire.RefusedException INVALID_EVIDENCE when an answer has no such times
   */
  Validity validity() {
    Validity all = Validity.ofAll(certificates).and(lists.validity());
    for (@Nullable SignedJson json : Arrays.asList(tcbInfo, qeIdentity)) {
      all = json == null ? all : all.and(json.validity());
    }
    return all;
  }

  /** Whether nothing of it is there. Certificates alone say nothing about any machine. */
  public boolean isEmpty() {
    return tcbInfo == null && qeIdentity == null && lists.isEmpty();
  }
}
