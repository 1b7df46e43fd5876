package io.parley.broker.policy.platform;

import io.parley.agreement.platform.PolicyFile;
import java.util.List;

/** Says where the expectation under a policy's key comes from, for people. */
@FunctionalInterface
public interface PolicySource {
  /** All of it was signed, the strict values too. */
  PolicySource AGREEMENT = key -> "agreement";

  String of(String key);

  /**
   * What a file says, or where it says nothing the strict default.
   *
   * @param name the file's
   */
  static PolicySource file(PolicyFile file, String name) {
    return key -> file.keys().contains(key) ? name : PlatformCheck.DEFAULT;
  }

  /** One of these. */
  default <T> Expected<T> expect(String key, List<T> values) {
    return new Expected.OneOf<>(values, of(key));
  }

  /** Exactly this. */
  default <T> Expected<T> expect(String key, T value) {
    return expect(key, List.of(value));
  }

  /** That nobody may look inside, unless the policy allows it. */
  default Expected<Boolean> refused(String key, boolean allowed) {
    return expect(key, allowed ? List.of(false, true) : List.of(false));
  }
}
