package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.TdxClaims.Body;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A well-formed quote; nothing in it has been checked.
 *
 * @param signed header and body, as the attestation key signed them
 * @param attestationKey x || y on P-256
 * @param quotingEnclave the report of the enclave that holds the attestation key
 * @param chain of the machine's PCK: the leaf first, the root last
 */
public record TdxQuote(
    int version,
    Body body,
    ByteString signed,
    ByteString signature,
    ByteString attestationKey,
    QuotingEnclave quotingEnclave,
    List<X509Certificate> chain)
    implements IntelQuote {
  public TdxQuote {
    chain = List.copyOf(chain);
  }

  @Override
  public IntelTee tee() {
    return IntelTee.TDX;
  }

  /**
   * The enclave that quotes.
   *
   * @param report which the PCK signed
   * @param authenticationData what it put under the attestation key
   */
  public record QuotingEnclave(
      SgxReport report, ByteString signature, ByteString authenticationData) {}
}
