package io.parley.peer.cli;

import io.parley.peer.apps.Interpreter;
import io.parley.peer.cli.output.RowWriter.Column;
import io.parley.peer.machine.Folders;
import io.parley.wire.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "app",
    description = {
      "Analysis programs. An app is a folder: app.yaml (name, version, command) and its files; its digest"
          + " covers every byte and mode of it."
    },
    footer = {"Example:", "  parley app pack my-app -o my-app.tar && parley app add my-app.tar"})
final class AppCommands {
  private final Session session;

  AppCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "pack",
      description = "Prints the digest of an app's folder, and packs it.",
      footer = {
        "The same files always give the same digest, on every machine.",
        "",
        "Examples:",
        "  parley app pack my-app",
        "  parley app pack my-app -o my-app.tar",
        "  parley app pack my-app --interpreter /usr/bin/perl -o my-app.tar",
      })
  int pack(
      @Parameters(paramLabel = "DIR", description = "The app's folder.") Path folder,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE.tar",
              description = "Write the packed app there. Default: only the digest.")
          @Nullable Path out,
      @Option(
              names = "--interpreter",
              paramLabel = "PROGRAM",
              description = {
                "Pack this program of this machine too, with its shared libraries, as the"
                    + " 'interpreter' that app.yaml names. The app's digest covers them."
              })
          @Nullable Path interpreter)
      throws IOException {
    if (interpreter == null) {
      return packed(folder, out);
    }
    Path whole = Files.createTempDirectory("parley-app-");
    try {
      Interpreter.add(folder, interpreter, whole);
      return packed(whole, out);
    } finally {
      Folders.delete(whole);
    }
  }

  private int packed(Path folder, @Nullable Path out) throws IOException {
    Digest digest = out == null ? Packing.digest(folder) : Packing.pack(folder, out);
    Map<String, @Nullable Object> fields = new LinkedHashMap<>();
    fields.put("digest", digest.toString());
    fields.put("files", Packing.manifest(folder).files().size());
    if (out != null) {
      fields.put("file", out.toString());
      fields.put("bytes", Files.size(out));
    }
    session.printer().thing(fields);
    return ExitCode.OK;
  }

  @Command(
      name = "add",
      description = "Gives an app to your node; other parties' nodes fetch it by its digest.",
      footer = {"Examples:", "  parley app add my-app.tar", "  parley app add my-app"})
  int add(
      @Parameters(paramLabel = "FILE|DIR", description = "A packed app, or its folder.") Path path)
      throws IOException {
    Digest added = session.apps().add(session.node(), path);
    session.printer().thing(Map.of("digest", added.toString()));
    return ExitCode.OK;
  }

  @Command(
      name = "list",
      description = "The apps that your node has.",
      footer = {"Example:", "  parley app list"})
  int list() {
    session
        .printer()
        .list(
            List.of(Column.text("name"), Column.text("digest"), Column.number("bytes")),
            session.node().apps().stream()
                .map(app ->
                    List.of(
                        app.getName(), new Digest(app.getSha256()).toString(), app.getSizeBytes()))
                .toList());
    return ExitCode.OK;
  }
}
