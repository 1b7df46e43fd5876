package io.parley.peer.tpm;

import java.util.HashMap;
import java.util.Map;

/** Names of what TPMs answer when they refuse (TPM 2.0 Library, Part 2, section 6.6). */
final class ResponseCode {
  static final int SUCCESS = 0;
  static final int HANDLE = 0x08b;
  static final int YIELDED = 0x908;
  static final int TESTING = 0x90a;
  static final int RETRY = 0x922;
  static final int VALUE = 0x084;
  static final int TYPE = 0x08a;
  static final int CURVE = 0x0a6;
  static final int ASYMMETRIC = 0x081;

  private static final int FORMAT_1 = 0x080;
  private static final int FORMAT_1_ERROR = 0x0bf;
  private static final int PARAMETER = 0x040;
  private static final int SESSION = 0x800;
  private static final int NUMBER_SHIFT = 8;
  private static final int PARAMETER_NUMBER = 0xf;
  private static final int OTHER_NUMBER = 0x7;

  /** Code in hex, and name without its TPM_RC_. */
  private static final String TABLE =
      """
      081 ASYMMETRIC    082 ATTRIBUTES    083 HASH          084 VALUE         085 HIERARCHY
      087 KEY_SIZE      088 MGF           089 MODE          08a TYPE          08b HANDLE
      08c KDF           08d RANGE         08e AUTH_FAIL     08f NONCE         090 PP
      092 SCHEME        095 SIZE          096 SYMMETRIC     097 TAG           098 SELECTOR
      09a INSUFFICIENT  09b SIGNATURE     09c KEY           09d POLICY_FAIL   09f INTEGRITY
      0a0 TICKET        0a1 RESERVED_BITS 0a2 BAD_AUTH      0a3 EXPIRED       0a4 POLICY_CC
      0a5 BINDING       0a6 CURVE         0a7 ECC_POINT     01e BAD_TAG
      100 INITIALIZE    101 FAILURE       103 SEQUENCE      10b PRIVATE       119 HMAC
      120 DISABLED      121 EXCLUSIVE     124 AUTH_TYPE     125 AUTH_MISSING  126 POLICY
      127 PCR           128 PCR_CHANGED   12d UPGRADE       12e TOO_MANY_CONTEXTS
      12f AUTH_UNAVAILABLE                130 REBOOT        131 UNBALANCED    142 COMMAND_SIZE
      143 COMMAND_CODE  144 AUTHSIZE      145 AUTH_CONTEXT  146 NV_RANGE      147 NV_SIZE
      148 NV_LOCKED     149 NV_AUTHORIZATION                14a NV_UNINITIALIZED
      14b NV_SPACE      14c NV_DEFINED    150 BAD_CONTEXT   151 CPHASH        152 PARENT
      153 NEEDS_TEST    154 NO_RESULT     155 SENSITIVE
      901 CONTEXT_GAP   902 OBJECT_MEMORY 903 SESSION_MEMORY                  904 MEMORY
      905 SESSION_HANDLES                 906 OBJECT_HANDLES                  907 LOCALITY
      908 YIELDED       909 CANCELED      90a TESTING       920 NV_RATE       921 LOCKOUT
      922 RETRY         923 NV_UNAVAILABLE
      """;

  private static final Map<Integer, String> NAMES = names();

  private ResponseCode() {}

  /** For example {@code TPM_RC_VALUE (0x2c4), parameter 2}. */
  static String describe(int code) {
    String name = NAMES.get(bare(code));
    String text =
        name == null ? "code 0x%03x".formatted(code) : "TPM_RC_%s (0x%03x)".formatted(name, code);
    if ((code & FORMAT_1) == 0) {
      return text;
    }
    int number = code >>> NUMBER_SHIFT;
    if ((code & PARAMETER) != 0) {
      return "%s, parameter %d".formatted(text, number & PARAMETER_NUMBER);
    }
    String of = (code & SESSION) != 0 ? "session" : "handle";
    return "%s, %s %d".formatted(text, of, number & OTHER_NUMBER);
  }

  /** Without the number of what is wrong. */
  static int bare(int code) {
    return (code & FORMAT_1) != 0 ? code & FORMAT_1_ERROR : code;
  }

  private static Map<Integer, String> names() {
    Map<Integer, String> names = new HashMap<>();
    String[] words = TABLE.strip().split("\\s+", -1);
    for (int i = 0; i < words.length; i += 2) {
      names.put(Integer.parseInt(words[i], 16), words[i + 1]);
    }
    return Map.copyOf(names);
  }
}
