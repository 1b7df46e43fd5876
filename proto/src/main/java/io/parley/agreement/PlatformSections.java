package io.parley.agreement;

import io.parley.agreement.platform.PlatformPolicy;
import io.parley.agreement.platform.PlatformYaml;
import io.parley.agreement.platform.PolicyUse;
import io.parley.wire.Problems;
import io.parley.yaml.YamlSection;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What an agreement's text wants of each kind of hardware. Stateless. */
final class PlatformSections {
  private PlatformSections() {}

  /**
   * One section beside {@code evidence} for each kind of hardware that it names, and none else.
   *
   * @param evidence null where it could not be read
   */
  static List<PlatformPolicy> ofEnclaves(
      Problems problems, YamlSection environment, @Nullable List<String> evidence) {
    List<PlatformPolicy> policies = new ArrayList<>();
    for (String kind : PlatformPolicy.KINDS) {
      boolean written = environment.find(kind) != null;
      boolean named = evidence == null ? written : evidence.contains(kind);
      if (written && !named) {
        problems.add(
            environment.path(kind),
            "is there, but '%s' is not in evidence; add it there, or remove this".formatted(kind));
      } else if (named) {
        read(problems, environment, kind, PolicyUse.ENCLAVE, policies);
      }
    }
    return policies;
  }

  /** One section for each kind that the broker's evidence may be of. */
  static List<PlatformPolicy> ofBroker(Problems problems, YamlSection broker) {
    List<PlatformPolicy> policies = new ArrayList<>();
    @Nullable YamlSection evidence = broker.section("evidence");
    if (evidence == null) {
      return policies;
    }
    evidence.only(PlatformPolicy.KINDS.toArray(String[]::new));
    if (evidence.entries().isEmpty()) {
      problems.add(broker.path("evidence"), "is empty; name a kind of hardware, or remove it");
    }
    for (String kind : PlatformPolicy.KINDS) {
      if (evidence.find(kind) != null) {
        read(problems, evidence, kind, PolicyUse.BROKER, policies);
      }
    }
    return policies;
  }

  private static void read(
      Problems problems,
      YamlSection around,
      String kind,
      PolicyUse use,
      List<PlatformPolicy> policies) {
    @Nullable YamlSection section = around.section(kind);
    @Nullable PlatformPolicy policy =
        section == null ? null : PlatformYaml.read(problems, section, kind, use);
    if (policy != null) {
      policies.add(policy);
    }
  }
}
