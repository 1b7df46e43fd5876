package io.parley.house;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.time.Clock;
import java.time.Instant;
import java.util.stream.Stream;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.KeyGenerator;
import javax.crypto.Mac;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Arrows run one way, and dangerous things happen in one place each. */
class ArchitectureTest {
  private static final String[] PROTO_ROOMS = {
    "io.parley.agreement..",
    "io.parley.evidence..",
    "io.parley.gate..",
    "io.parley.seal..",
    "io.parley.identity..",
    "io.parley.tlog..",
    "io.parley.wire..",
    "io.parley.link..",
    "io.parley.yaml..",
    "io.parley.process..",
    "io.parley.transport..",
    "io.parley.proto.."
  };
  private static final String SHIM = "io.parley.shim..";
  private static final String SDK = "io.parley.sdk..";

  /** Pure functions over parse trees, shared by the app sql and the command that explains it. */
  private static final String RULES = "io.parley.rules..";

  private static final String APPS = "io.parley.apps..";
  private static final String BROKER = "io.parley.broker..";
  private static final String PEER = "io.parley.peer..";

  /** Where keys are made and used; everywhere else goes through these rooms. */
  private static final DescribedPredicate<JavaClass> CRYPTO_ROOMS =
      resideInAnyPackage(
          "io.parley.seal..",
          "io.parley.identity..",
          "io.parley.transport..",
          "io.parley.broker.keys..",
          // Signatures of hardware vendors, and the protection of credentials for a TPM.
          "io.parley.broker.evidence.trust..",
          "io.parley.broker.evidence.tpm2..",
          // Known-answer tests of the providers that an enclave uses.
          "io.parley.shim.selftest..");

  private static final DescribedPredicate<JavaClass> COMPOSITION_ROOTS =
      DescribedPredicate.describe(
          "composition roots and commands",
          type ->
              type.getName().matches(".*(Wiring|Main)(\\$.*)?")
                  || type.getPackageName().startsWith("io.parley.peer.cli")
                  || type.getPackageName().startsWith("io.parley.demo"));

  private static final JavaClasses HOUSE =
      new ClassFileImporter()
          .withImportOption(new ImportOption.DoNotIncludeTests())
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("io.parley");

  @TestFactory
  Stream<DynamicTest> theHouseStands() {
    return Stream.of(
            noClasses()
                .that()
                .resideInAnyPackage(PROTO_ROOMS)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SHIM, SDK, APPS, BROKER, PEER, RULES)
                .as("proto knows nobody"),
            noClasses()
                .that()
                .resideInAPackage(SHIM)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SDK, APPS, BROKER, PEER, RULES)
                .as("the shim knows proto only"),
            noClasses()
                .that()
                .resideInAPackage(SDK)
                .should()
                .dependOnClassesThat(
                    resideInAPackage("io.parley..")
                        .and(DescribedPredicate.not(resideInAPackage(SDK))))
                .as("the sdk stands alone"),
            noClasses()
                .that()
                .resideInAPackage(APPS)
                .should()
                .dependOnClassesThat(
                    resideInAPackage("io.parley..")
                        .and(DescribedPredicate.not(resideInAnyPackage(SDK, APPS, RULES))))
                .as("apps know the sdk and the rules only"),
            noClasses()
                .that()
                .resideInAPackage(APPS)
                .and()
                .resideOutsideOfPackage("io.parley.apps.sql..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage(RULES)
                .as("of the apps sql alone knows the rules for queries"),
            noClasses()
                .that()
                .resideInAPackage(RULES)
                .should()
                .dependOnClassesThat(
                    resideInAPackage("io.parley..")
                        .and(DescribedPredicate.not(resideInAPackage(RULES))))
                .as("the rules for queries stand alone"),
            noClasses()
                .that()
                .resideInAPackage(BROKER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SHIM, SDK, APPS, PEER, RULES)
                .as("the broker knows proto only"),
            noClasses()
                .that()
                .resideInAPackage(PEER)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(SHIM, SDK, APPS, BROKER)
                .as("the peer node knows proto only"),
            rawCrypto(),
            noClasses()
                .that(
                    DescribedPredicate.not(CRYPTO_ROOMS)
                        .and(
                            DescribedPredicate.not(
                                resideInAnyPackage(
                                    "io.parley.wire..",
                                    "io.parley.evidence..",
                                    "io.parley.apps.tally.."))))
                .should()
                .callMethod(MessageDigest.class, "getInstance", String.class)
                .as(
                    "digests are made by io.parley.wire.Digest, io.parley.evidence.ReportData, and"
                        + " where an app keeps chains of its own"),
            noClasses()
                .that(DescribedPredicate.not(COMPOSITION_ROOTS))
                .should()
                .callConstructor(SecureRandom.class)
                .as("randomness is an argument"),
            noClasses()
                .that(DescribedPredicate.not(COMPOSITION_ROOTS))
                .should()
                .callMethod(Instant.class, "now")
                .orShould()
                .callMethod(Clock.class, "systemUTC")
                .orShould()
                .callMethod(Clock.class, "systemDefaultZone")
                .as("the clock is an argument"),
            noClasses()
                .that(DescribedPredicate.not(COMPOSITION_ROOTS))
                .should()
                .accessField(System.class, "out")
                .as("only commands print"),
            noClasses()
                .that()
                .resideInAPackage("io.parley..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("java.util.logging..")
                .as("one way to log"))
        .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(HOUSE)));
  }

  private static ArchRule rawCrypto() {
    return noClasses()
        .that(DescribedPredicate.not(CRYPTO_ROOMS))
        .should()
        .callMethod(Cipher.class, "getInstance", String.class)
        .orShould()
        .callMethod(Cipher.class, "getInstance", String.class, java.security.Provider.class)
        .orShould()
        .callMethod(Mac.class, "getInstance", String.class)
        .orShould()
        .callMethod(Signature.class, "getInstance", String.class)
        .orShould()
        .callMethod(KeyGenerator.class, "getInstance", String.class)
        .orShould()
        .callMethod(KeyAgreement.class, "getInstance", String.class)
        .orShould()
        .dependOnClassesThat()
        .resideInAnyPackage("org.bouncycastle.crypto..", "com.google.crypto.tink..")
        .as("no raw crypto outside its rooms");
  }
}
