package io.parley.broker.evidence.tdx;

import com.google.protobuf.ByteString;
import io.parley.broker.evidence.tdx.TdxQuote.QuotingEnclave;
import java.security.cert.X509Certificate;
import java.util.List;

/** What quotes of everything of Intel's have in common: who signed them, and how. */
sealed interface IntelQuote permits SgxQuote, TdxQuote {
  /** What is quoted. */
  IntelTee tee();

  /** Header and body, as the attestation key signed them. */
  ByteString signed();

  /** By the attestation key. */
  ByteString signature();

  /** x || y on P-256. */
  ByteString attestationKey();

  /** The report of the enclave that holds the attestation key. */
  QuotingEnclave quotingEnclave();

  /** Of the machine's PCK: the leaf first, the root last. */
  List<X509Certificate> chain();
}
