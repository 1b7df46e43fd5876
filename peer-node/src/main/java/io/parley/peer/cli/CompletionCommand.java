package io.parley.peer.cli;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(
    name = "completion",
    description = "Writes a script that completes parley's commands and options in your shell.",
    footer = {
      "Examples:",
      "  source <(parley completion bash)",
      "  parley completion zsh > ~/.parley-completion && echo 'source ~/.parley-completion' >> ~/.zshrc",
    })
final class CompletionCommand implements Runnable {
  enum Shell {
    BASH,
    ZSH
  }

  @Parameters(paramLabel = "bash|zsh", description = "Your shell.")
  @Nullable Shell shell;

  @Spec @Nullable CommandSpec spec;

  @Override
  public void run() {
    var line = Objects.requireNonNull(spec, "spec").commandLine();
    String script = AutoComplete.bash("parley", Parley.commandLineForDocs());
    if (shell == Shell.ZSH) {
      // The script is bash's; this makes zsh understand it.
      line.getOut().println("autoload -U +X compinit && compinit");
      line.getOut().println("autoload -U +X bashcompinit && bashcompinit");
    }
    line.getOut().println(script);
  }
}
