package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A well-formed quote of an SGX enclave; nothing in it has been checked.
 *
 * @param body the enclave's report
 */
public record SgxQuote(
    int version,
    SgxReport body,
    ByteString signed,
    ByteString signature,
    ByteString attestationKey,
    TdxQuote.QuotingEnclave quotingEnclave,
    List<X509Certificate> chain)
    implements IntelQuote {
  public SgxQuote {
    chain = List.copyOf(chain);
  }

  @Override
  public IntelTee tee() {
    return IntelTee.SGX;
  }
}
