package io.parley.agreement;

import io.parley.wire.Digest;
import io.parley.wire.StrictMessages;
import java.util.List;

/**
 * What a step does, whichever chain or agreement it is in: its app, the columns that it gets and
 * gives, its parameters. Two steps of one digest do the same with the same rows; so this is what a
 * certificate for a step that was verified names.
 */
public final class StepIdentity {
  private StepIdentity() {}

  /** SHA-256 of the exact bytes of a {@code StepIdentity} message. */
  public static Digest of(ChainStep step, Chain chain, Agreement agreement) {
    io.parley.proto.agreement.v1.StepIdentity.Builder message =
        io.parley.proto.agreement.v1.StepIdentity.newBuilder().setAppSha256(step.app().value());
    for (ChainInput input : step.inputs()) {
      message.addInputs(
          ChainCodec.toMessage(
              new ChainInput(input.name(), chain.columns(input, agreement.datasets()))));
    }
    for (ChainOutput output : step.outputs()) {
      message.addOutputs(
          ChainCodec.toMessage(new ChainOutput(output.name(), output.columns(), List.of())));
    }
    parameters(step, agreement)
        .forEach(parameter -> message.addParameters(AgreementWriter.parameter(parameter)));
    StepConditions conditions = StepConditions.of(agreement);
    if (conditions.bind(step.flow())) {
      for (Dataset dataset : agreement.datasets()) {
        if (step.flow().reads(dataset.name())) {
          message.addDatasets(
              AgreementWriter.dataset(
                  new Dataset(
                      dataset.name(),
                      dataset.owner(),
                      dataset.columns(),
                      List.of(),
                      dataset.usage())));
        }
      }
      message.putAllMinGroup(conditions.minGroups(step.flow()));
    }
    return Digest.of(StrictMessages.encode(message.build()));
  }

  /** What the step's app is told, by the names that it knows. */
  public static List<Parameter> parameters(ChainStep step, Agreement agreement) {
    return StepTerms.parameters(step.flow(), agreement.parameters());
  }

  /** Whether the step does the same in every job: none of its parameters is left to jobs. */
  public static boolean isFixed(ChainStep step, Agreement agreement) {
    return parameters(step, agreement).stream().noneMatch(Parameter.Free.class::isInstance);
  }
}
