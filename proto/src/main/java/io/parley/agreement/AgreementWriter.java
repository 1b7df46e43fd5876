package io.parley.agreement;

import io.parley.agreement.platform.PlatformCodec;
import io.parley.proto.agreement.v1.Result;
import io.parley.wire.Digest;
import io.parley.wire.StrictMessages;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** Sections of an agreement from records to messages. */
final class AgreementWriter {
  private AgreementWriter() {}

  static io.parley.proto.agreement.v1.Dataset dataset(Dataset dataset) {
    io.parley.proto.agreement.v1.Dataset.Builder message =
        io.parley.proto.agreement.v1.Dataset.newBuilder()
            .setName(dataset.name())
            .setOwner(dataset.owner())
            .addAllReleasedTo(dataset.releasedTo())
            .setGate(dataset.gate().toMessage());
    message.addAllColumns(columns(dataset.columns()));
    if (!dataset.usage().isEmpty()) {
      message.setUsage(UsageCodec.toMessage(dataset.usage()));
    }
    if (!dataset.budget().isUnlimited()) {
      message.setBudget(UsageCodec.toMessage(dataset.budget()));
    }
    return message.build();
  }

  static List<io.parley.proto.agreement.v1.Column> columns(List<Column> columns) {
    return columns.stream().map(AgreementWriter::column).toList();
  }

  private static io.parley.proto.agreement.v1.Column column(Column column) {
    return io.parley.proto.agreement.v1.Column.newBuilder()
        .setName(column.name())
        .setType(column.type().sql())
        .setNullable(column.nullable())
        .build();
  }

  static io.parley.proto.agreement.v1.Queries queries(Queries queries) {
    return switch (queries) {
      case FIXED -> io.parley.proto.agreement.v1.Queries.QUERIES_UNSPECIFIED;
      case WITHIN_RULES -> io.parley.proto.agreement.v1.Queries.QUERIES_WITHIN_RULES;
    };
  }

  static Result result(ResultRule result) {
    Result.Builder message =
        Result.newBuilder()
            .setName(result.name())
            .addAllRecipients(result.recipients())
            .setMaxRows(result.maxRows())
            .setMinGroup(result.shape().minGroup())
            .putAllRounding(UsageCodec.rounding(result.shape()))
            .addAllSchema(result.shape().schema().stream().map(AgreementWriter::column).toList());
    return switch (result.keep()) {
      case Keep.AsNode() -> message.build();
      case Keep.UntilRead() -> message.setKeepSeconds(0).build();
      case Keep.AtMost(Duration time) -> message.setKeepSeconds(time.toSeconds()).build();
    };
  }

  static io.parley.proto.agreement.v1.Environment environment(Environment environment) {
    return io.parley.proto.agreement.v1.Environment.newBuilder()
        .addAllEvidence(environment.evidence())
        .addAllPlatforms(environment.platforms().stream().map(PlatformCodec::toMessage).toList())
        .addAllShimSha256(environment.shim().stream().map(Digest::value).toList())
        .putAllTests(environment.tests())
        .addAllIsolation(environment.isolation())
        .setHpkeSuite(environment.hpke().toMessage())
        .build();
  }

  static io.parley.proto.agreement.v1.ChangeRule changes(ChangeRule rule) {
    return switch (rule) {
      case NEVER -> io.parley.proto.agreement.v1.ChangeRule.CHANGE_RULE_NEVER;
      case UNANIMOUS -> io.parley.proto.agreement.v1.ChangeRule.CHANGE_RULE_UNANIMOUS;
    };
  }

  /** Window and parent, where there are any. */
  static void replacement(Terms terms, io.parley.proto.agreement.v1.Agreement.Builder message) {
    Digest parent = terms.parent();
    if (parent != null) {
      message.setParentSha256(parent.value());
    }
    Window window = terms.window();
    if (!window.isAlways()) {
      message.setWindow(window(window));
    }
  }

  private static io.parley.proto.agreement.v1.Window window(Window window) {
    io.parley.proto.agreement.v1.Window.Builder message =
        io.parley.proto.agreement.v1.Window.newBuilder().setJobsPerDay(window.jobsPerDay());
    Instant from = window.notBefore();
    if (from != null) {
      message.setNotBefore(StrictMessages.timestamp(from));
    }
    Instant until = window.notAfter();
    if (until != null) {
      message.setNotAfter(StrictMessages.timestamp(until));
    }
    return message.build();
  }

  static io.parley.proto.agreement.v1.Parameter parameter(Parameter parameter) {
    io.parley.proto.agreement.v1.Parameter.Builder message =
        io.parley.proto.agreement.v1.Parameter.newBuilder().setName(parameter.name());
    return switch (parameter) {
      case Parameter.Fixed fixed -> message.setValue(fixed.value()).build();
      case Parameter.Free free -> message.setType(free.type().sql()).build();
    };
  }
}
