package io.parley.peer.cli;

import io.parley.peer.cli.output.OutputFormat;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** The options that every command takes, before or after its name. */
final class GlobalOptions {
  @Option(
      names = "--home",
      paramLabel = "DIR",
      scope = ScopeType.INHERIT,
      description = "The party's home. Default: $PARLEY_HOME, or else ~/.parley.")
  @Nullable Path home;

  @Option(
      names = "--as",
      paramLabel = "CLIENT",
      scope = ScopeType.INHERIT,
      description =
          "Whose client certificate to show: a name that 'parley identity issue' was given. Default:"
              + " operator, or else the only one there is.")
  @Nullable String as;

  @Option(
      names = "--output",
      paramLabel = "FORM",
      scope = ScopeType.INHERIT,
      defaultValue = "table",
      description = "Form of the answer: table, json or csv. Default: table.")
  OutputFormat output = OutputFormat.TABLE;

  @Option(
      names = {"-q", "--quiet"},
      scope = ScopeType.INHERIT,
      description = "No progress and no notices on stderr; errors still show.")
  boolean quiet;

  @Option(
      names = "--debug",
      scope = ScopeType.INHERIT,
      description = "With an error, show where it came from.")
  boolean debug;
}
