package io.parley.broker.evidence.tpm2;

/** Numbers of the TPM 2.0 Library, Part 2, under their names there. */
final class Tpm {
  static final int ALG_RSA = 0x0001;
  static final int ALG_SHA256 = 0x000b;
  static final int ALG_NULL = 0x0010;
  static final int ALG_RSASSA = 0x0014;
  static final int ALG_RSAPSS = 0x0016;
  static final int ALG_ECDSA = 0x0018;
  static final int ALG_ECC = 0x0023;
  static final int ECC_NIST_P256 = 0x0003;
  static final long GENERATED_VALUE = 0xff544347L;
  static final int ST_ATTEST_QUOTE = 0x8018;

  static final long FIXED_TPM = 1L << 1;
  static final long FIXED_PARENT = 1L << 4;
  static final long SENSITIVE_DATA_ORIGIN = 1L << 5;
  static final long RESTRICTED = 1L << 16;
  static final long DECRYPT = 1L << 17;
  static final long SIGN = 1L << 18;

  static final int SHA256_BYTES = 32;
  static final int PCRS = 24;

  private Tpm() {}
}
