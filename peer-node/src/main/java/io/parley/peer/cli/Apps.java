package io.parley.peer.cli;

import io.parley.peer.cli.process.Distribution;
import io.parley.proto.peer.v1.App;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Apps: those of the node, those that come with Parley, and folders that become one. */
final class Apps {
  private final Session session;

  Apps(Session session) {
    this.session = session;
  }

  /**
   * The digest of the app of this name: as the node knows it, or of the one that comes with Parley.
   *
   * @throws RefusedException APP_NOT_FOUND
   */
  Digest digest(String name) {
    List<App> named =
        session.node().apps().stream().filter(app -> app.getName().equals(name)).toList();
    if (named.size() == 1) {
      return new Digest(named.getFirst().getSha256());
    }
    if (named.size() > 1) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the node has %d apps called '%s'; write the digest of one of them"
              .formatted(named.size(), name),
          Map.of("app", name));
    }
    return Packing.digest(bundled(name));
  }

  /**
   * The folder of an app that comes with Parley.
   *
   * @param name or its digest
   * @throws RefusedException APP_NOT_FOUND
   */
  Path bundled(String name) {
    Distribution distribution = Distribution.find();
    Path folder =
        name.startsWith("sha256:")
            ? distribution.bundledApps().stream()
                .filter(each -> Packing.digest(each).toString().equals(name))
                .findFirst()
                .orElse(null)
            : distribution.bundledApp(name);
    if (folder == null) {
      throw new RefusedException(
          Reason.APP_NOT_FOUND,
          "there is no app '%s' here, and none that comes with Parley; give its folder or add it"
              .formatted(name),
          Map.of("app", name));
    }
    return folder;
  }

  /** The folder of an app that comes with Parley, when that is what a draft means by the name. */
  @Nullable Path known(String name) {
    @Nullable Path folder = name.contains(":") ? null : Distribution.find().bundledApp(name);
    return folder != null && digest(name).equals(Packing.digest(folder)) ? folder : null;
  }

  /** Packs a folder and hands it to a node; what is packed already goes as it is. */
  Digest add(NodeClient node, Path folder) throws IOException {
    if (Files.isRegularFile(folder)) {
      return new Digest(node.addApp(folder, session).getSha256());
    }
    Path packed = Files.createTempFile("parley-app-", ".tar");
    try {
      Digest expected = Packing.pack(folder, packed);
      App added = node.addApp(packed, session);
      Digest seen = new Digest(added.getSha256());
      if (!seen.equals(expected)) {
        throw new RefusedException(
            Reason.APP_DIGEST_WRONG,
            "the node computed %s for the app; expected %s".formatted(seen, expected));
      }
      return seen;
    } finally {
      Files.deleteIfExists(packed);
    }
  }
}
