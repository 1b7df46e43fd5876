package io.parley.peer.cli;

import io.parley.agreement.platform.TpmPolicy;
import io.parley.peer.config.NodeConfig;
import io.parley.peer.config.NodeConfigFile;
import io.parley.peer.platform.kinds.Platforms;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

@Command(
    name = "platform",
    description = "What vouches for this node's enclaves, as its parley.yaml says.",
    footer = {
      "",
      "Examples:",
      "  parley platform show --pcr 0,2,4,7",
      "  parley platform show --output json"
    })
final class PlatformCommands {
  private final Session session;

  PlatformCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "show",
      description = {
        "What an agreement must name to accept this node's evidence: the kind; for a TPM the fingerprint"
            + " of its vendor's root ('roots'), the emulator if it is one, and values of registers"
            + " ('pcrs'). Looks at the machine that it runs on, so run it where the node runs."
      },
      footer = {
        "Nothing is proven by it: the key broker judges evidence, and people judge what they sign.",
        "",
        "Example:",
        "  parley platform show --pcr 0,2,4,7",
      })
  int show(
      @Option(
              names = "--pcr",
              paramLabel = "N,N...",
              split = ",",
              defaultValue = "0,1,2,3,4,5,6,7",
              description = "Registers of a TPM to show. Default: ${DEFAULT-VALUE}.")
          List<Integer> pcrs) {
    for (int pcr : pcrs) {
      if (pcr < 0 || pcr >= TpmPolicy.PCRS) {
        throw new io.parley.wire.RefusedException(
            io.parley.wire.Reason.INVALID_REQUEST,
            "--pcr %d: a TPM has registers 0 to %d".formatted(pcr, TpmPolicy.PCRS - 1));
      }
    }
    PartyHome home = session.party();
    NodeConfig config = NodeConfigFile.read(home.config());
    session
        .printer()
        .thing(
            Platforms.facts(
                    config.enclave().platform(),
                    OwnMachine.surroundings(home.root().resolve("state"), config, session),
                    pcrs)
                .values());
    return ExitCode.OK;
  }
}
