package io.parley.agreement;

import com.google.protobuf.Timestamp;
import io.parley.agreement.platform.PlatformCodec;
import io.parley.agreement.platform.PlatformPolicy;
import io.parley.seal.HpkeSuite;
import io.parley.wire.BugException;
import io.parley.wire.Digest;
import io.parley.wire.Problems;
import io.parley.wire.Reason;
import io.parley.wire.StrictMessages;
import io.parley.wire.Suggestions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/** One agreement from its message to records, with all its problems collected. */
final class AgreementReader {
  private final io.parley.proto.agreement.v1.Agreement message;
  private final Problems problems = new Problems();

  AgreementReader(io.parley.proto.agreement.v1.Agreement message) {
    this.message = message;
  }

  Agreement read() {
    List<Party> parties = each("parties", message.getPartiesList(), this::party);
    @Nullable Digest broker = digest("broker", message.getBrokerKeySha256());
    @Nullable Chain chain =
        message.hasChain() ? ChainCodec.fromMessage(problems, message.getChain()) : null;
    @Nullable Digest app = app(chain);
    List<Dataset> datasets = each("datasets", message.getDatasetsList(), this::dataset);
    List<ResultRule> results = each("results", message.getResultsList(), this::result);
    @Nullable Environment environment = environment();
    @Nullable ChangeRule changes = changes();
    @Nullable Instant expires = expires();
    // Above Integer.MAX_VALUE an uint32 comes as a negative int, which the limit refuses.
    int maxJobs = message.getMaxJobs();
    @Nullable Digest parent =
        message.getParentSha256().isEmpty() ? null : digest("parent", message.getParentSha256());
    Window window = window();
    List<Parameter> parameters = each("params", message.getParametersList(), this::parameter);
    List<PlatformPolicy> brokerEvidence =
        each("broker_evidence", message.getBrokerEvidenceList(), this::platform);
    Queries queries = queries();
    AgreementRules.check(
        problems,
        message.getName(),
        message.getPartiesList().stream().map(p -> p.getName()).toList(),
        datasets,
        message.getComputeList(),
        results,
        new Terms(
            changes == null ? ChangeRule.NEVER : changes,
            parent,
            expires == null ? Instant.MAX : expires,
            maxJobs,
            window),
        parameters,
        brokerEvidence,
        queries);
    if (chain != null) {
      AgreementRules.checkChain(problems, chain, datasets, results, parameters, queries);
    }
    AgreementRules.checkKeys(problems, parties);
    problems.throwIfAny(
        Reason.INVALID_AGREEMENT, "agreement '%s'".formatted(Suggestions.shown(message.getName())));
    return new Agreement(
        message.getName(),
        parties,
        present(broker),
        present(app),
        datasets,
        message.getComputeList(),
        results,
        present(environment),
        new Terms(present(changes), parent, present(expires), maxJobs, window),
        parameters,
        brokerEvidence,
        queries,
        chain);
  }

  private @Nullable Digest app(@Nullable Chain chain) {
    if (!message.hasChain()) {
      return digest("app", message.getAppSha256());
    }
    problems.check(
        message.getAppSha256().isEmpty(), "app", "is there beside a chain; expected one of them");
    return chain == null ? null : chain.digest();
  }

  private static <T> T present(@Nullable T part) {
    if (part == null) {
      throw new BugException("a part is missing, and no problem says so");
    }
    return part;
  }

  private <M, R> List<R> each(
      String path, List<M> messages, BiFunction<String, M, @Nullable R> read) {
    List<R> records = new ArrayList<>();
    for (int i = 0; i < messages.size(); i++) {
      @Nullable R made = read.apply("%s[%d]".formatted(path, i), messages.get(i));
      if (made != null) {
        records.add(made);
      }
    }
    return records;
  }

  private @Nullable Party party(String path, io.parley.proto.agreement.v1.Party party) {
    return problems.attempt(path, () -> PartyCodec.fromProto(party));
  }

  private @Nullable Digest digest(String path, com.google.protobuf.ByteString value) {
    return problems.attempt(path, () -> new Digest(value));
  }

  private Queries queries() {
    return switch (message.getQueries()) {
      case QUERIES_UNSPECIFIED -> Queries.FIXED;
      case QUERIES_WITHIN_RULES -> Queries.WITHIN_RULES;
      case UNRECOGNIZED -> {
        problems.add("queries", "is not known; expected fixed or within_rules");
        yield Queries.FIXED;
      }
    };
  }

  private @Nullable Dataset dataset(String path, io.parley.proto.agreement.v1.Dataset dataset) {
    int before = problems.count();
    List<Column> columns = each(path + ".columns", dataset.getColumnsList(), this::column);
    return problems.count() > before
        ? null
        : problems.attempt(
            path,
            () ->
                new Dataset(
                    dataset.getName(),
                    dataset.getOwner(),
                    columns,
                    dataset.getReleasedToList(),
                    dataset.hasUsage()
                        ? UsageCodec.fromMessage(dataset.getUsage())
                        : Usage.UNSTATED,
                    dataset.hasBudget()
                        ? UsageCodec.fromMessage(dataset.getBudget())
                        : Budget.UNLIMITED,
                    gate(path, dataset.getGate())));
  }

  private GateRule gate(String path, io.parley.proto.agreement.v1.GateRule rule) {
    return switch (rule) {
      case GATE_RULE_UNSPECIFIED -> GateRule.NONE;
      case GATE_RULE_REQUIRED -> GateRule.REQUIRED;
      case UNRECOGNIZED -> {
        problems.add(path + ".gate", "is not known; expected none or required");
        yield GateRule.NONE;
      }
    };
  }

  private @Nullable Column column(String path, io.parley.proto.agreement.v1.Column column) {
    return problems.attempt(
        path,
        () ->
            new Column(column.getName(), ColumnType.parse(column.getType()), column.getNullable()));
  }

  private @Nullable ResultRule result(String path, io.parley.proto.agreement.v1.Result result) {
    int before = problems.count();
    List<Column> schema = each(path + ".schema", result.getSchemaList(), this::column);
    return problems.count() > before
        ? null
        : problems.attempt(
            path,
            () ->
                new ResultRule(
                    result.getName(),
                    result.getRecipientsList(),
                    result.getMaxRows(),
                    UsageCodec.shape(result, schema),
                    keep(result)));
  }

  private static Keep keep(io.parley.proto.agreement.v1.Result result) {
    if (!result.hasKeepSeconds()) {
      return Keep.AS_NODE;
    }
    // Above Long.MAX_VALUE an uint64 comes as a negative long, which is refused as too large.
    long seconds = result.getKeepSeconds() < 0 ? Long.MAX_VALUE : result.getKeepSeconds();
    return seconds == 0 ? Keep.UNTIL_READ : new Keep.AtMost(Duration.ofSeconds(seconds));
  }

  private @Nullable Environment environment() {
    if (!message.hasEnvironment()) {
      problems.add("environment", "is missing; without it nothing is accepted");
      return null;
    }
    io.parley.proto.agreement.v1.Environment environment = message.getEnvironment();
    List<Digest> shims = each("environment.shim", environment.getShimSha256List(), this::digest);
    List<PlatformPolicy> platforms =
        each("environment.platforms", environment.getPlatformsList(), this::platform);
    if (shims.size() < environment.getShimSha256Count()
        || platforms.size() < environment.getPlatformsCount()) {
      return null;
    }
    return problems.attempt(
        "environment",
        () ->
            new Environment(
                environment.getEvidenceList(),
                platforms,
                shims,
                new HashMap<>(environment.getTestsMap()),
                environment.getIsolationList(),
                HpkeSuite.fromMessage(environment.getHpkeSuite())));
  }

  private @Nullable PlatformPolicy platform(
      String path, io.parley.proto.agreement.v1.PlatformPolicy platform) {
    return problems.attempt(path, () -> PlatformCodec.fromMessage(platform));
  }

  private @Nullable ChangeRule changes() {
    return switch (message.getChanges()) {
      case CHANGE_RULE_NEVER -> ChangeRule.NEVER;
      case CHANGE_RULE_UNANIMOUS -> ChangeRule.UNANIMOUS;
      case CHANGE_RULE_UNSPECIFIED, UNRECOGNIZED -> {
        problems.add("changes", "is missing or not known; expected never or unanimous");
        yield null;
      }
    };
  }

  private @Nullable Instant expires() {
    if (!message.hasExpires()) {
      problems.add("expires", "is missing");
      return null;
    }
    return instant("expires", message.getExpires());
  }

  private Window window() {
    if (!message.hasWindow()) {
      return Window.ALWAYS;
    }
    var window = message.getWindow();
    return new Window(
        window.hasNotBefore() ? instant("window.not_before", window.getNotBefore()) : null,
        window.hasNotAfter() ? instant("window.not_after", window.getNotAfter()) : null,
        window.getJobsPerDay());
  }

  private @Nullable Instant instant(String path, Timestamp timestamp) {
    return problems.attempt(
        path, () -> StrictMessages.instant(timestamp, Reason.INVALID_AGREEMENT));
  }

  private @Nullable Parameter parameter(
      String path, io.parley.proto.agreement.v1.Parameter parameter) {
    String name = parameter.getName();
    return switch (parameter.getRuleCase()) {
      case VALUE -> problems.attempt(path, () -> new Parameter.Fixed(name, parameter.getValue()));
      case TYPE ->
          problems.attempt(
              path, () -> new Parameter.Free(name, ColumnType.parse(parameter.getType())));
      case RULE_NOT_SET -> {
        problems.add(path, "has neither a value nor a type");
        yield null;
      }
    };
  }
}
