package io.parley.broker.release;

import com.google.protobuf.ByteString;
import java.util.List;

/**
 * What a credential is asked for with. Nothing in it has been read yet.
 *
 * @param chain DER of the endorsement key's certificate and its issuers
 * @param collateral DER of the issuers' revocation lists
 * @param attestationKey TPM2B_PUBLIC
 */
public record CredentialWish(
    List<ByteString> chain, List<ByteString> collateral, ByteString attestationKey) {
  public CredentialWish {
    chain = List.copyOf(chain);
    collateral = List.copyOf(collateral);
  }
}
