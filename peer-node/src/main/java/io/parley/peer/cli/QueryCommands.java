package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.AgreementDraft;
import io.parley.agreement.AgreementYaml;
import io.parley.agreement.Chain;
import io.parley.agreement.ChainStep;
import io.parley.agreement.StepTerms;
import io.parley.peer.cli.output.OutputFormat;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "query",
    description = "Queries of the app sql, held against the rules of an agreement.",
    footer = {
      "Example:",
      "  parley query explain agreement.yaml --query query.sql",
    })
final class QueryCommands {
  private static final String STDIN = "-";
  private static final int QUERY_BYTES_MAX = 1 << 20;

  private final Session session;

  QueryCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "explain",
      description = {
        "Whether a query would be allowed, what of each dataset it would tell, to whom, and under which"
            + " conditions. Nothing is run."
      },
      footer = {
        "For a file no node and no consortium is needed. It is the code that decides in the enclave too.",
        "Exit code 0: it would be allowed; 3: it would be refused.",
        "",
        "Examples:",
        "  parley query explain agreement.yaml --query query.sql",
        "  parley query explain 3f9a12cc --query -",
        "  parley query explain agreement.yaml --query query.sql --suggest-grants",
        "  parley query explain agreement.yaml --step match",
      })
  int explain(
      @Parameters(
              paramLabel = "FILE|DIGEST",
              description =
                  "The agreement: a YAML file, bytes from 'agreement draft -o', or a digest.")
          String agreement,
      @Option(
              names = "--query",
              paramLabel = "FILE|-|TEXT",
              description = "The query. Default: the one that the agreement fixes.")
          @Nullable String query,
      @Option(
              names = "--param",
              paramLabel = "NAME=VALUE",
              description = "A parameter that the job would set.")
          @Nullable Map<String, String> parameters,
      @Option(
              names = "--step",
              paramLabel = "NAME",
              description = "The step of a chain whose query it is.")
          @Nullable String step,
      @Option(
              names = "--suggest-grants",
              description = "When it is refused, the least that owners would have to add.")
          boolean suggest)
      throws IOException {
    QueryTerms terms = terms(agreement, step);
    Map<String, String> set = new LinkedHashMap<>(parameters == null ? Map.of() : parameters);
    QueryExplanation explanation = new QueryExplanation(terms, text(terms, query));
    try (QueryProbe probe = QueryProbe.open()) {
      QueryExplanation.Verdict verdict = explanation.verdict(probe, set, suggest);
      show(verdict);
      return verdict.allowed() ? ExitCode.OK : ExitCode.REFUSED;
    }
  }

  /** Grants have lines of their own, to be copied; the rest is a thing as any other. */
  private void show(QueryExplanation.Verdict verdict) {
    Object grants = verdict.fields().get("grants");
    if (grants == null || session.printer().format() != OutputFormat.TABLE) {
      session.printer().thing(verdict.fields());
      return;
    }
    Map<String, @Nullable Object> fields = new LinkedHashMap<>(verdict.fields());
    fields.remove("grants");
    session.printer().thing(fields);
    session.terminal().out().println();
    session.terminal().out().println(grants.toString().stripTrailing());
  }

  private QueryTerms terms(String agreement, @Nullable String step) throws IOException {
    Path file = Path.of(agreement);
    if (!Files.isRegularFile(file)) {
      return terms(Agreements.signed(session.agreements().record(agreement)).agreement(), step);
    }
    if (!agreement.endsWith(".yaml") && !agreement.endsWith(".yml")) {
      return terms(session.agreements().read(file).agreement(), step);
    }
    AgreementDraft draft = AgreementYaml.parse(Files.readString(file), file.toString());
    if (step != null) {
      return QueryTerms.of(draft.name(), draft.step(step));
    }
    requireOneApp(draft.name(), draft.steps());
    return QueryTerms.of(draft);
  }

  private static QueryTerms terms(Agreement agreement, @Nullable String step) {
    if (step != null) {
      return QueryTerms.of(agreement.name(), StepTerms.of(agreement, step));
    }
    @Nullable Chain chain = agreement.chain();
    requireOneApp(
        agreement.name(),
        chain == null ? List.of() : chain.steps().stream().map(ChainStep::name).toList());
    return QueryTerms.of(agreement);
  }

  private static void requireOneApp(String agreement, List<String> steps) {
    if (!steps.isEmpty()) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "agreement '%s' is a chain, and each step has a query of its own; say which with --step, one of %s"
              .formatted(agreement, steps));
    }
  }

  private String text(QueryTerms terms, @Nullable String query) throws IOException {
    if (query == null) {
      return terms
          .fixedQuery()
          .orElseThrow(() ->
              new RefusedException(
                  Reason.INVALID_REQUEST,
                  "agreement '%s' fixes no query; say which with --query".formatted(terms.name())));
    }
    if (query.equals(STDIN)) {
      byte[] bytes = session.terminal().in().readNBytes(QUERY_BYTES_MAX);
      return new String(bytes, StandardCharsets.UTF_8);
    }
    return isFile(query) ? Files.readString(Path.of(query)) : query;
  }

  private static boolean isFile(String text) {
    try {
      return text.length() < 4096 && Files.isRegularFile(Path.of(text));
    } catch (InvalidPathException e) {
      return false;
    }
  }
}
