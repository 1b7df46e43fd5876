package io.parley.broker.evidence.sevsnp;

import com.google.protobuf.ByteString;

/**
 * A well-formed attestation report; nothing in it has been checked. Fields have the names of the
 * SEV-SNP firmware ABI specification, section 7.3.
 *
 * @param signer 0 for the VCEK, 1 for the VLEK
 * @param cpuFamily 0 where the report is of version 2, which does not have it
 * @param signed the bytes that the signature is over
 * @param signature r || s, 48 bytes each, as Java has it
 */
public record SnpReport(
    int version,
    long guestSvn,
    long policy,
    ByteString familyId,
    ByteString imageId,
    long vmpl,
    long platformInfo,
    int signer,
    ByteString reportData,
    ByteString measurement,
    ByteString hostData,
    ByteString idKeyDigest,
    ByteString authorKeyDigest,
    ByteString reportId,
    ByteString reportedTcb,
    int cpuFamily,
    int cpuModel,
    ByteString chipId,
    ByteString signed,
    ByteString signature) {
  static final int SIGNER_VCEK = 0;
  static final int SIGNER_VLEK = 1;

  private static final long POLICY_MIGRATE_MA = 1L << 18;
  private static final long POLICY_DEBUG = 1L << 19;

  boolean debug() {
    return (policy & POLICY_DEBUG) != 0;
  }

  boolean migratable() {
    return (policy & POLICY_MIGRATE_MA) != 0;
  }
}
