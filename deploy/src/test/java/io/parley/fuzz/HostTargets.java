package io.parley.fuzz;

import io.parley.evidence.Manifest;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Sockets;
import io.parley.peer.apps.AppPacker;
import io.parley.peer.apps.PackedApps;
import io.parley.peer.jobs.ShimFrames;
import io.parley.proto.enclave.v1.ChannelReady;
import io.parley.proto.enclave.v1.DatasetSource;
import io.parley.proto.enclave.v1.Finished;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Progress;
import io.parley.proto.enclave.v1.Reply;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ResultSink;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.proto.enclave.v1.Stop;
import io.parley.shim.host.HostConnection;
import io.parley.wire.BugException;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.RefusedException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.Stream;

/** Between a host and its enclave, and packed apps from other hosts. */
final class HostTargets {
  private static final int HEADER_BYTES = 3;

  private HostTargets() {}

  static Map<String, Function<Path, FuzzTarget>> all() {
    return Map.of(
        "app-tar", HostTargets::appTar,
        "shim-frame", scratch -> shimFrame(),
        "host-frames", scratch -> hostFrames());
  }

  /** What is unpacked lies in its folder, as plain files, and is what its packer packed. */
  private static FuzzTarget appTar(Path scratch) {
    return new FuzzTarget(
        List.of(packedSample(scratch)),
        bytes -> {
          Path folder = Files.createDirectories(scratch.resolve("unpacked/app"));
          try {
            PackedApps.unpack(bytes, folder);
            requirePlain(scratch.resolve("unpacked"), folder);
            repack(folder, scratch.resolve("again"));
            return true;
          } finally {
            delete(scratch.resolve("unpacked"));
            delete(scratch.resolve("again"));
          }
        });
  }

  private static byte[] packedSample(Path scratch) {
    try {
      Path app = Files.createDirectories(scratch.resolve("sample-app"));
      Files.writeString(app.resolve("app.yaml"), "name: rows\ncommand: [java, Rows]\n");
      Files.createDirectories(app.resolve("lib"));
      Files.writeString(app.resolve("lib/ä.txt"), "text");
      ByteArrayOutputStream packed = new ByteArrayOutputStream();
      Manifest unused = AppPacker.pack(app, packed);
      return packed.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void requirePlain(Path outer, Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(outer)) {
      for (Path file : (Iterable<Path>) files::iterator) {
        boolean fine =
            Files.isDirectory(file, LinkOption.NOFOLLOW_LINKS)
                || (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
                    && file.startsWith(folder));
        if (!fine) {
          throw new AssertionError("unpacked a link, or outside its folder: " + file);
        }
      }
    }
  }

  private static void repack(Path folder, Path again) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    Manifest manifest;
    try {
      manifest = AppPacker.pack(folder, packed);
    } catch (RefusedException e) {
      // Files are files, but they are no app.
      return;
    }
    PackedApps.unpack(packed.toByteArray(), Files.createDirectories(again));
    if (!AppPacker.manifest(again).equals(manifest)) {
      throw new AssertionError("packed and unpacked, it is another app");
    }
  }

  private static void delete(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    try (Stream<Path> files = Files.walk(folder, new FileVisitOption[0])) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  private static FuzzTarget shimFrame() {
    return new FuzzTarget(
        Stream.of(
                ShimFrame.newBuilder()
                    .setRequest(Request.newBuilder().setId(1).setAttest(bytes(64))),
                ShimFrame.newBuilder().setProgress(Progress.newBuilder().setPhase("test")),
                ShimFrame.newBuilder().setFinished(Finished.newBuilder().setStatus(bytes(0))))
            .map(frame -> frame.build().toByteArray())
            .toList(),
        bytes -> {
          String unused = ShimFrames.read(bytes);
          return true;
        });
  }

  private static com.google.protobuf.ByteString bytes(int count) {
    return com.google.protobuf.ByteString.copyFrom(new byte[count]);
  }

  /** Frames of a host, each with some descriptors: they end the link in order, and leak none. */
  private static FuzzTarget hostFrames() {
    List<HostFrame.Builder> plain =
        List.of(
            HostFrame.newBuilder().setStartJob(StartJob.newBuilder().setParty("shop")),
            HostFrame.newBuilder().setReply(Reply.newBuilder().setId(7)),
            HostFrame.newBuilder().setStop(Stop.newBuilder().setReason("enough")));
    List<HostFrame.Builder> handing =
        List.of(
            HostFrame.newBuilder().setDatasetSource(DatasetSource.newBuilder().setDataset("d")),
            HostFrame.newBuilder().setChannelReady(ChannelReady.newBuilder().setParty("p")),
            HostFrame.newBuilder().setResultSink(ResultSink.newBuilder().setResult("r")));
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    handing.forEach(frame -> all.writeBytes(packed(1, frame)));
    List<byte[]> seeds = new ArrayList<>(List.of(all.toByteArray()));
    plain.forEach(frame -> seeds.add(packed(0, frame)));
    return new FuzzTarget(seeds, HostTargets::link);
  }

  private static byte[] packed(int descriptors, HostFrame.Builder frame) {
    byte[] bytes = frame.build().toByteArray();
    return ByteBuffer.allocate(HEADER_BYTES + bytes.length)
        .put((byte) descriptors)
        .putShort((short) bytes.length)
        .put(bytes)
        .array();
  }

  private static boolean link(byte[] bytes) throws Exception {
    int before = openDescriptors();
    CompletableFuture<ParleyException> ended = new CompletableFuture<>();
    List<Descriptor> pair = Sockets.pair();
    try (HostLink host = new HostLink(pair.get(0));
        HostConnection shim = HostConnection.start(new HostLink(pair.get(1)), ended::complete)) {
      say(host, ByteBuffer.wrap(bytes));
      host.close();
      if (ended.get(30, TimeUnit.SECONDS) instanceof BugException bug) {
        throw new AssertionError("a host made the shim stumble", bug);
      }
      shim.linger(java.time.Duration.ofSeconds(30));
    }
    int after = openDescriptors();
    if (after > before) {
      throw new AssertionError("%d descriptors leaked".formatted(after - before));
    }
    return true;
  }

  private static void say(HostLink host, ByteBuffer frames) throws IOException {
    try {
      while (frames.remaining() >= HEADER_BYTES) {
        int count = frames.get() & 3;
        byte[] frame = new byte[Math.min(frames.getShort() & 0xffff, frames.remaining())];
        frames.get(frame);
        List<Descriptor> handed = new ArrayList<>();
        for (int i = 0; i < count; i++) {
          List<Descriptor> pair = Sockets.pair();
          handed.add(pair.get(0));
          pair.get(1).close();
        }
        try {
          host.send(frame, handed.toArray(Descriptor[]::new));
        } finally {
          handed.forEach(Descriptor::close);
        }
      }
    } catch (EnvironmentException e) {
      // The shim has hung up: it need not hear the rest.
    }
  }

  private static int openDescriptors() {
    String[] open = Path.of("/proc/self/fd").toFile().list();
    return open == null ? 0 : open.length;
  }
}
