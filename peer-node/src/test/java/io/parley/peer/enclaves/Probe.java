package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.link.HostLink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

/** Stands in for the shim: does inside the sandbox what the test says, and answers what came. */
final class Probe {
  private Probe() {}

  public static void main(String[] arguments) throws IOException {
    try (HostLink link = HostLink.connect(Path.of(arguments[0]), Duration.ofSeconds(10))) {
      while (true) {
        String command = new String(link.receive().frame(), UTF_8);
        link.send(answer(command).getBytes(UTF_8));
      }
    }
  }

  private static String answer(String command) {
    String[] parts = command.split(" ", 2);
    try {
      return run(parts[0], parts.length > 1 ? parts[1] : "");
    } catch (IOException | RuntimeException e) {
      return "failed: " + e;
    }
  }

  private static String run(String what, String argument) throws IOException {
    return switch (what) {
      case "env" -> System.getenv().toString();
      case "read" -> Files.readString(Path.of(argument));
      case "write" -> Files.writeString(Path.of(argument), "x").toString();
      case "list" -> list(Path.of(argument));
      case "links" -> links(Path.of(argument));
      case "exec" -> exec(argument);
      case "connect" -> connect(argument);
      case "listen" -> listen();
      case "fill" -> fill(argument);
      case "heap" -> heap(argument);
      case "unicode" -> Files.createDirectory(Path.of("/tmp/\u00e4\u4e2d\uD83D\uDE00")).toString();
      case "exit" -> exit(argument);
      default -> "unknown " + what;
    };
  }

  private static String list(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return String.join(" ", files.map(f -> f.getFileName().toString()).sorted().toList());
    }
  }

  private static String links(Path folder) throws IOException {
    StringBuilder links = new StringBuilder();
    for (String name : list(folder).split(" ")) {
      Path link = folder.resolve(name);
      if (Files.isSymbolicLink(link)) {
        links.append(name).append("->").append(Files.readSymbolicLink(link)).append(' ');
      }
    }
    return links.toString();
  }

  private static String exec(String program) throws IOException {
    Process process = new ProcessBuilder(program).redirectErrorStream(true).start();
    return "ran " + new String(process.getInputStream().readAllBytes(), UTF_8);
  }

  private static String connect(String port) throws IOException {
    try (Socket socket = new Socket(InetAddress.ofLiteral("127.0.0.1"), Integer.parseInt(port))) {
      return "connected " + socket;
    }
  }

  private static String listen() throws IOException {
    try (ServerSocket socket = new ServerSocket(0)) {
      return "listens " + socket;
    }
  }

  private static String fill(String folderAndMebibytes) throws IOException {
    String[] parts = folderAndMebibytes.split(" ");
    byte[] mebibyte = new byte[1 << 20];
    try (var out = Files.newOutputStream(Path.of(parts[0], "fill-" + System.nanoTime()))) {
      for (int i = 0; i < Integer.parseInt(parts[1]); i++) {
        out.write(mebibyte);
      }
    }
    return "filled";
  }

  private static String heap(String mebibytes) {
    byte[][] all = new byte[Integer.parseInt(mebibytes)][];
    for (int i = 0; i < all.length; i++) {
      all[i] = new byte[1 << 20];
    }
    return "held " + List.of(all).size();
  }

  private static String exit(String code) {
    System.err.println("the probe ends with " + code);
    Runtime.getRuntime().halt(Integer.parseInt(code));
    return "";
  }
}
