package io.parley.agreement;

import com.google.protobuf.ByteString;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A chain from and to messages, and its exact bytes, which have one form as an agreement's have
 * ({@link AgreementCodec}).
 */
public final class ChainCodec {
  private ChainCodec() {}

  /** The exact bytes. */
  public static ByteString encode(Chain chain) {
    return StrictMessages.encode(toMessage(chain));
  }

  /**
   * From exact bytes. Not checked: whether the edges fit, for which an agreement's other parts are
   * needed.
   *
   * @throws RefusedException INVALID_AGREEMENT that lists every problem; SIZE_LIMIT
   */
  public static Chain decode(ByteString bytes) {
    io.parley.proto.agreement.v1.Chain message =
        StrictMessages.parse(
            io.parley.proto.agreement.v1.Chain.parser(),
            bytes,
            Limits.MAX_DOCUMENT_BYTES,
            Reason.INVALID_AGREEMENT,
            "chain");
    Problems problems = new Problems();
    @Nullable Chain chain = fromMessage(problems, message);
    problems.throwIfAny(Reason.INVALID_AGREEMENT, "chain");
    Chain read = java.util.Objects.requireNonNull(chain);
    StrictMessages.requireSame(encode(read), bytes, Reason.INVALID_AGREEMENT, "chain");
    return read;
  }

  static io.parley.proto.agreement.v1.Chain toMessage(Chain chain) {
    io.parley.proto.agreement.v1.Chain.Builder message =
        io.parley.proto.agreement.v1.Chain.newBuilder();
    chain.steps().forEach(step -> message.addSteps(toMessage(step)));
    for (ChainGrant grant : chain.grants()) {
      message.addGrants(
          io.parley.proto.agreement.v1.ChainGrant.newBuilder()
              .setDataset(grant.dataset())
              .addAllSteps(grant.steps()));
    }
    return message.build();
  }

  private static io.parley.proto.agreement.v1.ChainStep toMessage(ChainStep step) {
    io.parley.proto.agreement.v1.ChainStep.Builder message =
        io.parley.proto.agreement.v1.ChainStep.newBuilder()
            .setName(step.name())
            .setAppSha256(step.app().value());
    step.inputs().forEach(input -> message.addInputs(toMessage(input)));
    step.outputs().forEach(output -> message.addOutputs(toMessage(output)));
    for (ChainParameter parameter : step.parameters()) {
      var made = io.parley.proto.agreement.v1.ChainParameter.newBuilder().setName(parameter.name());
      message.addParameters(
          switch (parameter) {
            case ChainParameter.Fixed fixed -> made.setValue(fixed.value());
            case ChainParameter.From from -> made.setFrom(from.parameter());
          });
    }
    return message.build();
  }

  static io.parley.proto.agreement.v1.ChainInput toMessage(ChainInput input) {
    return io.parley.proto.agreement.v1.ChainInput.newBuilder()
        .setName(input.name())
        .addAllColumns(AgreementWriter.columns(input.columns()))
        .build();
  }

  static io.parley.proto.agreement.v1.ChainOutput toMessage(ChainOutput output) {
    return io.parley.proto.agreement.v1.ChainOutput.newBuilder()
        .setName(output.name())
        .addAllColumns(AgreementWriter.columns(output.columns()))
        .addAllReadBy(output.readBy())
        .build();
  }

  /** Null, and a problem for each part that is wrong. */
  static @Nullable Chain fromMessage(
      Problems problems, io.parley.proto.agreement.v1.Chain message) {
    Collected all = new Collected(problems);
    List<ChainStep> steps = new ArrayList<>();
    for (int i = 0; i < message.getStepsCount(); i++) {
      all.add(steps, "chain[%d]".formatted(i), step(message.getSteps(i)));
    }
    List<ChainGrant> grants = new ArrayList<>();
    for (var grant : message.getGrantsList()) {
      all.add(
          grants, "chain.grants", () -> new ChainGrant(grant.getDataset(), grant.getStepsList()));
    }
    return all.whole ? new Chain(steps, grants) : null;
  }

  private static Supplier<ChainStep> step(io.parley.proto.agreement.v1.ChainStep step) {
    return () ->
        new ChainStep(
            step.getName(),
            new Digest(step.getAppSha256()),
            new StepFlow(
                step.getInputsList().stream()
                    .map(i -> new ChainInput(i.getName(), columns(i.getColumnsList())))
                    .toList(),
                step.getOutputsList().stream()
                    .map(o ->
                        new ChainOutput(
                            o.getName(), columns(o.getColumnsList()), o.getReadByList()))
                    .toList(),
                step.getParametersList().stream().map(ChainCodec::parameter).toList()));
  }

  private static ChainParameter parameter(io.parley.proto.agreement.v1.ChainParameter parameter) {
    return switch (parameter.getRuleCase()) {
      case VALUE -> new ChainParameter.Fixed(parameter.getName(), parameter.getValue());
      case FROM -> new ChainParameter.From(parameter.getName(), parameter.getFrom());
      case RULE_NOT_SET ->
          throw new RefusedException(
              Reason.INVALID_AGREEMENT,
              "parameter '%s' has neither a value nor a name that it comes from"
                  .formatted(parameter.getName()));
    };
  }

  private static List<Column> columns(List<io.parley.proto.agreement.v1.Column> columns) {
    return columns.stream()
        .map(c -> new Column(c.getName(), ColumnType.parse(c.getType()), c.getNullable()))
        .toList();
  }

  /** Parts, and whether one of them could not be made. */
  private static final class Collected {
    private final Problems problems;
    private boolean whole = true;

    Collected(Problems problems) {
      this.problems = problems;
    }

    <T> void add(List<T> parts, String path, Supplier<T> make) {
      @Nullable T made = problems.attempt(path, make);
      if (made == null) {
        whole = false;
      } else {
        parts.add(made);
      }
    }
  }
}
