package io.parley.peer.enclaves;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Stream;

/**
 * What is done with the files by which the kernel is told about control groups: an argument, so
 * that version 2 can be tried where the kernel runs version 1.
 */
interface GroupFiles {
  /** The kernel's own. */
  GroupFiles KERNEL = new Kernel();

  boolean exists(Path file);

  /** Makes a group; the kernel puts its files into it. */
  void make(Path group) throws IOException;

  /** Removes a group that is empty; one that is not there is removed already. */
  void remove(Path group) throws IOException;

  /** Groups, and files, in a group. */
  List<Path> list(Path group) throws IOException;

  List<String> read(Path file) throws IOException;

  void write(Path file, String value) throws IOException;

  /** Calls the kernel. */
  final class Kernel implements GroupFiles {
    private Kernel() {}

    @Override
    public boolean exists(Path file) {
      return Files.exists(file);
    }

    @Override
    public void make(Path group) throws IOException {
      Files.createDirectory(group);
    }

    @Override
    public void remove(Path group) throws IOException {
      Files.deleteIfExists(group);
    }

    @Override
    public List<Path> list(Path group) throws IOException {
      try (Stream<Path> files = Files.list(group)) {
        return files.toList();
      }
    }

    @Override
    public List<String> read(Path file) throws IOException {
      return Files.readAllLines(file);
    }

    @Override
    public void write(Path file, String value) throws IOException {
      Files.write(file, value.getBytes(UTF_8), StandardOpenOption.WRITE);
    }
  }
}
