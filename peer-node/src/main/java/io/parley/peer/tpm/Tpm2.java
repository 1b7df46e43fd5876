package io.parley.peer.tpm;

/** Numbers of the TPM 2.0 Library, Part 2, under their names there. */
final class Tpm2 {
  static final int ST_NO_SESSIONS = 0x8001;
  static final int ST_SESSIONS = 0x8002;

  static final int CC_CREATE_PRIMARY = 0x131;
  static final int CC_ACTIVATE_CREDENTIAL = 0x147;
  static final int CC_NV_READ = 0x14e;
  static final int CC_POLICY_SECRET = 0x151;
  static final int CC_QUOTE = 0x158;
  static final int CC_FLUSH_CONTEXT = 0x165;
  static final int CC_NV_READ_PUBLIC = 0x169;
  static final int CC_READ_PUBLIC = 0x173;
  static final int CC_START_AUTH_SESSION = 0x176;
  static final int CC_GET_CAPABILITY = 0x17a;
  static final int CC_PCR_READ = 0x17e;
  static final int CC_READ_CLOCK = 0x181;
  static final int CC_PCR_EXTEND = 0x182;

  static final int RH_OWNER = 0x40000001;
  static final int RH_NULL = 0x40000007;
  static final int RS_PW = 0x40000009;
  static final int RH_ENDORSEMENT = 0x4000000b;

  static final int ALG_RSA = 0x0001;
  static final int ALG_AES = 0x0006;
  static final int ALG_SHA256 = 0x000b;
  static final int ALG_SHA384 = 0x000c;
  static final int ALG_NULL = 0x0010;
  static final int ALG_RSASSA = 0x0014;
  static final int ALG_ECDSA = 0x0018;
  static final int ALG_ECC = 0x0023;
  static final int ALG_CFB = 0x0043;
  static final int ECC_NIST_P256 = 0x0003;
  static final int ECC_NIST_P384 = 0x0004;

  static final int FIXED_TPM = 1 << 1;
  static final int FIXED_PARENT = 1 << 4;
  static final int SENSITIVE_DATA_ORIGIN = 1 << 5;
  static final int USER_WITH_AUTH = 1 << 6;
  static final int ADMIN_WITH_POLICY = 1 << 7;
  static final int NO_DA = 1 << 10;
  static final int RESTRICTED = 1 << 16;
  static final int DECRYPT = 1 << 17;
  static final int SIGN = 1 << 18;

  static final int SE_POLICY = 1;
  static final int CONTINUE_SESSION = 1;
  static final int CAP_TPM_PROPERTIES = 6;
  static final int PT_MANUFACTURER = 0x105;
  static final int PT_VENDOR_STRING_1 = 0x106;
  static final int PT_VENDOR_STRINGS = 4;
  static final int PT_FIRMWARE_VERSION_1 = 0x10b;

  static final int GENERATED_VALUE = 0xff544347;
  static final int ST_ATTEST_QUOTE = 0x8018;

  static final int SHA256_BYTES = 32;
  static final int PCRS = 24;
  static final int PCR_SELECT_BYTES = PCRS / Byte.SIZE;

  private Tpm2() {}
}
