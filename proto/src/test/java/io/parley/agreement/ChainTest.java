package io.parley.agreement;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The exact bytes of chains, and what stands for them. */
class ChainTest {
  private final Samples world = new Samples();
  private final Agreement agreement = ChainSamples.agreement(world);
  private final Chain chain = ChainSamples.chain();

  @Test
  void agreementIsWhatItsBytesSay() {
    ByteString bytes = AgreementCodec.encode(agreement);
    assertThat(AgreementCodec.decode(bytes)).isEqualTo(agreement);
    assertThat(ChainCodec.decode(ChainCodec.encode(chain))).isEqualTo(chain);
  }

  @Test
  void agreementIsWhatItsTextSays() {
    Agreement read =
        AgreementYaml.parse(AgreementYaml.write(agreement), "again.yaml")
            .resolve(world.membership(), n -> Samples.APP, () -> Samples.SHIM);
    assertThat(read).isEqualTo(agreement);
  }

  @Test
  void evidenceNamesTheWholeChain() throws Exception {
    assertThat(agreement.app()).isEqualTo(chain.digest());
    assertThat(agreement.apps()).containsExactly(ChainSamples.MATCHING, ChainSamples.REGRESSION);
    var message =
        io.parley.proto.agreement.v1.Agreement.parseFrom(AgreementCodec.encode(agreement));
    assertThat(message.getAppSha256()).isEmpty();
    assertThat(Digest.of(message.getChain().toByteString())).isEqualTo(chain.digest());
  }

  @Test
  void anotherAppInAnyStepIsAnotherChain() {
    List<Digest> apps = chain.apps();
    assertThat(chain.withApps(apps)).isEqualTo(chain);
    assertThat(chain.withApps(apps.reversed()).digest()).isNotEqualTo(chain.digest());
    for (int i = 0; i < apps.size(); i++) {
      List<Digest> others = new ArrayList<>(apps);
      others.set(i, Digest.of(new byte[] {9}));
      assertThat(chain.withApps(others).digest()).isNotEqualTo(chain.digest());
    }
    assertThatThrownBy(() -> chain.withApps(apps.subList(0, 1)))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.APP_DIGEST_WRONG))
        .hasMessageContaining("2 steps");
  }

  @Test
  void everyChangedCutOrAddedByteIsRefusedOrAnotherAgreement() {
    byte[] bytes = AgreementCodec.encode(agreement).toByteArray();
    for (int i = 0; i < bytes.length; i++) {
      byte[] changed = bytes.clone();
      changed[i] ^= 1;
      assertOther(ByteString.copyFrom(changed));
      assertOther(ByteString.copyFrom(bytes, 0, i));
    }
    assertOther(ByteString.copyFrom(bytes).concat(ByteString.copyFrom(new byte[1])));
  }

  private void assertOther(ByteString bytes) {
    try {
      assertThat(AgreementCodec.decode(bytes)).isNotEqualTo(agreement);
    } catch (RefusedException e) {
      assertThat(e.reason()).isIn(Reason.INVALID_AGREEMENT, Reason.INVALID_SIGNATURE);
    }
  }

  @Test
  void unknownFieldsAreRefusedAtEveryDepth() {
    var message = ChainCodec.toMessage(chain).toBuilder();
    var unknown =
        com.google.protobuf.UnknownFieldSet.newBuilder()
            .addField(
                99, com.google.protobuf.UnknownFieldSet.Field.newBuilder().addVarint(1).build())
            .build();
    var step = message.getSteps(0).toBuilder();
    List.of(
            message.clone().setUnknownFields(unknown),
            message.clone().setSteps(0, step.clone().setUnknownFields(unknown)),
            message
                .clone()
                .setSteps(
                    0,
                    step.clone()
                        .setInputs(0, step.getInputs(0).toBuilder().setUnknownFields(unknown))))
        .forEach(bent -> assertRefused(bent, "unknown field 99"));
  }

  @Test
  void listsThatAreSetsHaveOneOrder() {
    var message = ChainCodec.toMessage(chain).toBuilder();
    assertRefused(
        message.clone().setGrants(0, message.getGrants(1)).setGrants(1, message.getGrants(0)),
        "not in canonical form");
    var step = message.getSteps(0).toBuilder();
    assertRefused(
        message
            .clone()
            .setSteps(
                0, step.clone().setInputs(0, step.getInputs(1)).setInputs(1, step.getInputs(0))),
        "not in canonical form");
    // That of outputs is the app's: another order is another chain.
    var turned =
        message
            .clone()
            .setSteps(
                0,
                step.clone().setOutputs(0, step.getOutputs(1)).setOutputs(1, step.getOutputs(0)));
    assertThat(ChainCodec.decode(turned.build().toByteString()).digest())
        .isNotEqualTo(chain.digest());
  }

  private static void assertRefused(
      io.parley.proto.agreement.v1.Chain.Builder bent, String message) {
    assertThatThrownBy(() -> ChainCodec.decode(bent.build().toByteString()))
        .isInstanceOfSatisfying(
            RefusedException.class, e -> assertThat(e.reason()).isEqualTo(Reason.INVALID_AGREEMENT))
        .hasMessageContaining(message);
  }

  @Test
  void appBesideAChainIsRefused() throws Exception {
    var both =
        io.parley.proto.agreement.v1.Agreement.parseFrom(AgreementCodec.encode(agreement))
            .toBuilder()
            .setAppSha256(Samples.APP.value())
            .build();
    assertThatThrownBy(() -> AgreementCodec.decode(both.toByteString()))
        .hasMessageContaining("beside a chain");
  }

  @Test
  void agreementWithAnotherDigestThanItsChainsIsRefused() {
    assertThatThrownBy(() ->
            new Agreement(
                agreement.name(),
                agreement.parties(),
                agreement.broker(),
                Samples.APP,
                agreement.datasets(),
                agreement.compute(),
                agreement.results(),
                agreement.environment(),
                agreement.terms(),
                agreement.parameters(),
                agreement.brokerEvidence(),
                agreement.queries(),
                chain))
        .hasMessageContaining("expected the chain's digest");
  }

  @Test
  void bytesWithAnEdgeThatIsNotAllowedAreRefusedAsTextIs() throws Exception {
    var message =
        io.parley.proto.agreement.v1.Agreement.parseFrom(AgreementCodec.encode(agreement))
            .toBuilder();
    message.getChainBuilder().getGrantsBuilder(0).clearSteps().addSteps("fit");
    assertThatThrownBy(() -> AgreementCodec.decode(message.build().toByteString()))
        .hasMessageContainingAll("step 'match' may not read dataset 'incomes'", "read_by");
  }

  @Test
  void stepIsToldItsOwnValuesAndThoseOfTheJob() {
    assertThat(Chain.parameters(chain.steps().getFirst(), Map.of("caliper", "0.2")))
        .containsExactly(Map.entry("caliper", "0.2"), Map.entry("treatment", "treat"));
    assertThatThrownBy(() -> Chain.parameters(chain.steps().getFirst(), Map.of()))
        .hasMessageContaining("'caliper'");
  }

  @Test
  void stepGetsTheColumnsThatItNames() {
    ChainStep match = chain.steps().getFirst();
    assertThat(chain.columns(match.inputs().get(0), agreement.datasets()))
        .extracting(Column::name)
        .containsExactly("id", "later");
    assertThat(chain.columns(match.inputs().get(1), agreement.datasets()))
        .extracting(Column::name)
        .containsExactly("id", "treat");
    assertThat(chain.lastReader("sample")).isEqualTo(1);
    assertThat(chain.lastReader("effect")).isEqualTo(-1);
  }

  @Test
  void identityOfAStepIsItsAppParametersAndColumnsAndNothingElse() {
    ChainStep match = chain.steps().getFirst();
    Digest identity = StepIdentity.of(match, chain, agreement);
    ChainStep renamed = new ChainStep("other", match.app(), match.flow());
    assertThat(StepIdentity.of(renamed, chain, agreement)).isEqualTo(identity);
    assertThat(StepIdentity.of(new ChainStep("match", Samples.APP, match.flow()), chain, agreement))
        .isNotEqualTo(identity);
    StepFlow told =
        new StepFlow(
            match.inputs(), match.outputs(), List.of(new ChainParameter.Fixed("treatment", "x")));
    assertThat(StepIdentity.of(new ChainStep("match", match.app(), told), chain, agreement))
        .isNotEqualTo(identity);
    StepFlow fewer =
        new StepFlow(match.inputs().subList(0, 1), match.outputs(), match.parameters());
    assertThat(StepIdentity.of(new ChainStep("match", match.app(), fewer), chain, agreement))
        .isNotEqualTo(identity);
  }
}
