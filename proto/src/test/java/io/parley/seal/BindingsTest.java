package io.parley.seal;

import static io.parley.seal.SealFixtures.AGREEMENT;
import static io.parley.seal.SealFixtures.EVIDENCE;
import static io.parley.seal.SealFixtures.JOB;
import static io.parley.seal.SealFixtures.JOB_ID;
import static io.parley.seal.SealFixtures.hex;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class BindingsTest {
  private static final HpkePublicKey KEY =
      new HpkePublicKey(HpkeSuite.X25519, hex("11".repeat(32)));
  private static final Bindings.Grant GRANT =
      new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "hospital", KEY);

  @Test
  void fields_areEachPrefixedWithTheirLength() {
    assertThat(Fields.label("ab").add(hex("ff")).add("").add(7).toByteString())
        .isEqualTo(
            hex("00000002" + "6162" + "00000001" + "ff" + "00000000" + "00000004" + "00000007"));
  }

  @Test
  void movingABoundary_givesOtherBytes() {
    Set<ByteString> seen = new HashSet<>();
    for (List<String> fields :
        List.of(
            List.of("ab", "c"),
            List.of("a", "bc"),
            List.of("abc"),
            List.of("abc", ""),
            List.of("", "abc"),
            List.of("ab", "c", ""))) {
      Fields encoded = Fields.label("label");
      fields.forEach(encoded::add);
      assertThat(seen.add(encoded.toByteString())).isTrue();
    }
  }

  @Test
  void grantInfo_holdsLabelAgreementPurposeNameEpochJob() {
    assertThat(GRANT.dataset("claims", 3).info())
        .isEqualTo(
            Fields.label("parley/v1/granted-key")
                .add(AGREEMENT.value())
                .add("dataset")
                .add("claims")
                .add(3)
                .add(JOB.value())
                .toByteString());
  }

  @Test
  void grantAad_holdsLabelEvidencePartySuiteKey() {
    assertThat(GRANT.dataset("claims", 3).aad())
        .isEqualTo(
            Fields.label("parley/v1/granted-to")
                .add(EVIDENCE.value())
                .add("hospital")
                .add(0x0020)
                .add(KEY.key())
                .toByteString());
  }

  @Test
  void resultBinding_holdsAgreementJobResultAndRecipient() {
    Binding binding = new Bindings.Result(AGREEMENT, JOB_ID, "summary").recipient("insurer");

    assertThat(binding.info())
        .isEqualTo(
            Fields.label("parley/v1/result-key")
                .add(AGREEMENT.value())
                .add(JOB_ID)
                .add("summary")
                .toByteString());
    assertThat(binding.aad())
        .isEqualTo(Fields.label("parley/v1/result-recipient").add("insurer").toByteString());
  }

  @Test
  void everyFieldOfAGrant_changesTheBinding() {
    Digest other = Digest.of(new byte[] {9});
    HpkePublicKey otherKey = new HpkePublicKey(HpkeSuite.X25519, hex("12".repeat(32)));
    List<Binding> bindings =
        List.of(
            GRANT.dataset("claims", 1),
            GRANT.dataset("claims", 2),
            GRANT.dataset("admissions", 1),
            GRANT.jobChannels(1),
            GRANT.dataset("", 1),
            new Bindings.Grant(other, JOB, EVIDENCE, "hospital", KEY).dataset("claims", 1),
            new Bindings.Grant(AGREEMENT, other, EVIDENCE, "hospital", KEY).dataset("claims", 1),
            new Bindings.Grant(AGREEMENT, JOB, other, "hospital", KEY).dataset("claims", 1),
            new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "insurer", KEY).dataset("claims", 1),
            new Bindings.Grant(AGREEMENT, JOB, EVIDENCE, "hospital", otherKey)
                .dataset("claims", 1));

    assertThat(new HashSet<>(bindings)).hasSize(bindings.size());
  }

  @Test
  void datasetNamedLikeTheJobChannels_isNotTheJobChannels() {
    assertThat(GRANT.dataset("job-channels", 0).info()).isNotEqualTo(GRANT.jobChannels(0).info());
  }
}
