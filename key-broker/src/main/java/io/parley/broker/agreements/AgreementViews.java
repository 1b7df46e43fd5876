package io.parley.broker.agreements;

import com.google.protobuf.ByteString;
import io.parley.agreement.SignedAgreement;
import java.time.Instant;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** What a proposal would look like if it were stored. */
final class AgreementViews {
  private AgreementViews() {}

  static StoredAgreement proposed(SignedAgreement proposal, Instant at) {
    SortedMap<String, ByteString> signatures = new TreeMap<>();
    proposal.signatures().forEach(signature -> signatures.put(signature.keyId(), signature.sig()));
    return new StoredAgreement(
        proposal.digest(),
        proposal.payload(),
        proposal.agreement(),
        signatures,
        at,
        null,
        null,
        List.of(),
        0,
        null,
        null,
        null);
  }
}
