package io.parley.peer.cli;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.parley.wire.ParleyException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.Function;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;

/**
 * The {@code parley} command. Data goes to stdout, everything else to stderr; errors are one line
 * and a hint, with an exit code that never changes its meaning ({@link ExitCode}).
 */
@Command(
    name = "parley",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = Parley.Version.class,
    sortOptions = false,
    usageHelpWidth = 100,
    synopsisSubcommandLabel = "COMMAND",
    commandListHeading = "%nCommands:%n",
    optionListHeading = "%nOptions:%n",
    parameterListHeading = "%nParameters:%n",
    descriptionHeading = "%n",
    footerHeading = "%n",
    description = {
      "Joint analysis on joined data. Organisations agree on an analysis, each signs it, and it runs"
          + " on their data together; nobody sees anyone else's rows, nobody can bend the result."
    },
    footer = {
      "Start here, on one machine, with made-up parties:",
      "  parley try agreement.yaml --data hospital:admissions=a.csv --data insurer:claims=b.csv",
      "",
      "For real, once per party: identity create, consortium init or join, peer serve.",
      "Then, together: agreement draft, propose, sign; dataset add; job submit --wait.",
      "",
      "Exit codes:",
      "  0  done",
      "  1  the job failed, or parley has a bug",
      "  2  wrong usage, or input that is not right: a file, a name, a parameter",
      "  3  refused: no right, a wrong signature, proof or evidence, or the state does not allow it",
      "  4  a node, the broker or something on this machine cannot be reached or used",
      "  5  cancelled or timed out",
      "  6  a limit was reached: memory, size, count",
    })
public final class Parley {
  private static final SequencedMap<String, Function<Session, Object>> COMMANDS = commands();

  @Mixin GlobalOptions options = new GlobalOptions();

  @Spec @org.jspecify.annotations.Nullable CommandSpec spec;

  private Parley() {}

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    logAtLeast(Level.WARN);
    System.exit(run(Terminal.ofProcess(), args));
  }

  /** A command speaks for itself; a server's log is another thing. */
  static void logAtLeast(Level level) {
    if (LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME) instanceof Logger root) {
      root.setLevel(level);
    }
  }

  /**
   * Runs one command in this process, and never throws; the {@link ExitCode}. Several may run at
   * once, each with a terminal of its own.
   */
  public static int run(Terminal terminal, String... args) {
    Parley root = new Parley();
    try (Session session = new Session(terminal, root.options)) {
      int code = execute(root, session, args);
      terminal.out().flush();
      return code == ExitCode.OK && terminal.out().checkError() ? ExitCode.UNAVAILABLE : code;
    }
  }

  private static int execute(Parley root, Session session, String... args) {
    try {
      return commandLine(root, session, named(args)).execute(args);
    } catch (LinkageError | AssertionError | OutOfMemoryError e) {
      // Not an Exception, so picocli lets it through: an installation that is not whole, or a bug.
      return session.errors().report(e, "parley");
    }
  }

  /** The tree of all commands, for who only looks at it. */
  static CommandLine commandLineForDocs() {
    Parley root = new Parley();
    return commandLine(root, new Session(Terminal.ofProcess(), root.options), COMMANDS.keySet());
  }

  private static CommandLine commandLine(Parley root, Session session, Set<String> names) {
    CommandLine line = new CommandLine(root);
    COMMANDS.forEach((name, command) -> {
      if (names.contains(name)) {
        line.addSubcommand(name, command.apply(session));
      }
    });
    line.addSubcommand(new HelpCommand());
    Terminal terminal = session.terminal();
    line.setOut(new PrintWriter(terminal.out(), true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(terminal.err(), true, StandardCharsets.UTF_8));
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.setExitCodeExceptionMapper(failure -> session.errors().exitCode(failure));
    line.setExecutionExceptionHandler(
        (failure, command, parsed) -> session.errors().report(failure, name(command)));
    line.setParameterExceptionHandler((failure, args) -> wrongUsage(session, failure));
    return line;
  }

  private static String name(CommandLine command) {
    return command.getCommandSpec().qualifiedName();
  }

  /**
   * The commands that words of the line may be meant as; all when none is. What is not meant is not
   * made: that was nearly half of the time of a short command.
   */
  private static Set<String> named(String... args) {
    Set<String> names = new LinkedHashSet<>(COMMANDS.keySet());
    names.retainAll(List.of(args));
    return names.isEmpty() ? COMMANDS.keySet() : names;
  }

  private static SequencedMap<String, Function<Session, Object>> commands() {
    SequencedMap<String, Function<Session, Object>> commands = new LinkedHashMap<>();
    commands.put("try", TryCommand::new);
    commands.put("identity", IdentityCommands::new);
    commands.put("consortium", ConsortiumCommands::new);
    commands.put("broker", BrokerCommands::new);
    commands.put("peer", PeerCommands::new);
    commands.put("enclave", EnclaveCommands::new);
    commands.put("app", AppCommands::new);
    commands.put("measure", MeasureCommand::new);
    commands.put("platform", PlatformCommands::new);
    commands.put("agreement", AgreementCommands::new);
    commands.put("key", KeyCommands::new);
    commands.put("gate", GateCommands::new);
    commands.put("dataset", DatasetCommands::new);
    commands.put("query", QueryCommands::new);
    commands.put("job", JobCommands::new);
    commands.put("result", ResultCommands::new);
    commands.put("receipt", ReceiptCommands::new);
    commands.put("log", LogCommands::new);
    commands.put("evidence", session -> new EvidenceCommands());
    commands.put("doctor", DoctorCommand::new);
    commands.put("completion", session -> new CompletionCommand());
    return commands;
  }

  private static int wrongUsage(Session session, ParameterException failure) {
    // A converter of ours may have refused the value: its reason is the better message.
    Throwable cause = failure.getCause();
    if (cause instanceof ParleyException ours) {
      return session.errors().report(ours, name(failure.getCommandLine()));
    }
    CommandLine command = failure.getCommandLine();
    PrintWriter err = command.getErr();
    err.println("parley: usage: " + failure.getMessage());
    CommandLine.UnmatchedArgumentException.printSuggestions(failure, err);
    err.println("hint: " + command.getCommandSpec().qualifiedName() + " --help");
    return ExitCode.BAD_INPUT;
  }

  /** The version of this build, from the jar's manifest. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      String built = Parley.class.getPackage().getImplementationVersion();
      return new String[] {
        "parley " + (built == null ? "(unpacked build)" : built),
        "java "
            + Runtime.version()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.arch")
      };
    }
  }
}
