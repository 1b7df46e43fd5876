package io.parley.peer.cli;

import io.parley.proto.peer.v1.GetNodeResponse;
import io.parley.wire.Digest;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;

@Command(
    name = "measure",
    description = {
      "The reference value of this machine's shim: the digest over everything that the node would start"
          + " an enclave from. What 'environment.shim' of an agreement holds."
    },
    footer = {
      "Two parties with the same build and the same JDK get the same value.",
      "",
      "Example:",
      "  parley measure --output json",
    })
final class MeasureCommand implements java.util.concurrent.Callable<Integer> {
  private final Session session;

  MeasureCommand(Session session) {
    this.session = session;
  }

  @Override
  public Integer call() {
    GetNodeResponse node = session.node().node();
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("shim", new Digest(node.getShimSha256()).toString());
    fields.put("isolation", node.getIsolation());
    session.printer().thing(fields);
    return ExitCode.OK;
  }
}
