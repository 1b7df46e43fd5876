package io.parley.peer.enclaves;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Control groups of version 2 as the kernel's cgroup-v2.rst describes them: which files a group
 * has, who may be in it, what may be shared out below it, when it can be removed.
 */
final class FakeKernelGroups implements GroupFiles {
  /** What a group is made of. */
  private static final class Group {
    final TreeSet<Long> processes = new TreeSet<>();
    final TreeSet<String> shared = new TreeSet<>();
    final Map<String, String> written = new TreeMap<>();
  }

  private final Map<Path, Group> groups = new TreeMap<>();
  private final Path top;
  private final TreeSet<String> controllers;
  private boolean readOnly;
  private boolean swap = true;

  /**
   * @param controllers what the whole machine has
   */
  FakeKernelGroups(Path top, String... controllers) {
    this.top = top;
    this.controllers = new TreeSet<>(List.of(controllers));
    groups.put(top, new Group());
  }

  /** As root did it: a group below the topmost that has all controllers, with these in it. */
  FakeKernelGroups with(Path group, long... processes) throws IOException {
    if (!groups.containsKey(group)) {
      at(top).shared.addAll(controllers);
      make(group);
    }
    for (long process : processes) {
      at(group).processes.add(process);
    }
    return this;
  }

  FakeKernelGroups withoutSwap() {
    swap = false;
    return this;
  }

  FakeKernelGroups readOnly() {
    readOnly = true;
    return this;
  }

  boolean has(Path group) {
    return groups.containsKey(group);
  }

  List<Long> processes(Path group) throws IOException {
    return List.copyOf(at(group).processes);
  }

  @Override
  public boolean exists(Path file) {
    Group group = groups.get(parent(file));
    return groups.containsKey(file)
        || group != null && names(parent(file)).contains(file.getFileName().toString());
  }

  @Override
  public void make(Path group) throws IOException {
    if (readOnly) {
      throw new AccessDeniedException(group.toString());
    }
    if (groups.containsKey(group)) {
      throw new FileAlreadyExistsException(group.toString());
    }
    at(parent(group));
    groups.put(group, new Group());
  }

  @Override
  public void remove(Path group) throws IOException {
    if (!groups.containsKey(group)) {
      return;
    }
    if (!at(group).processes.isEmpty() || !children(group).isEmpty()) {
      throw busy(group);
    }
    groups.remove(group);
  }

  @Override
  public List<Path> list(Path group) throws IOException {
    at(group);
    List<Path> all = new ArrayList<>(children(group));
    names(group).forEach(name -> all.add(group.resolve(name)));
    return all;
  }

  @Override
  public List<String> read(Path file) throws IOException {
    Group group = at(parent(file));
    return switch (file.getFileName().toString()) {
      case "cgroup.procs" -> group.processes.stream().map(String::valueOf).toList();
      case "memory.events" ->
          List.of("low 0", "high 0", "max 4", "oom 1", "oom_kill " + group.written.get("killed"));
      default -> throw new NoSuchFileException(file.toString());
    };
  }

  /** The kernel kills for want of memory. */
  void outOfMemory(Path group) throws IOException {
    at(group).written.put("killed", "1");
    at(group).processes.clear();
  }

  String written(Path file) throws IOException {
    return at(parent(file)).written.getOrDefault(file.getFileName().toString(), "");
  }

  @Override
  public void write(Path file, String value) throws IOException {
    Path folder = parent(file);
    String name = file.getFileName().toString();
    Group group = at(folder);
    if (!names(folder).contains(name)) {
      throw new NoSuchFileException(file.toString());
    }
    switch (name) {
      case "cgroup.procs" -> enter(folder, Long.parseLong(value));
      case "cgroup.subtree_control" -> share(folder, value.substring(1));
      case "cgroup.kill" -> group.processes.clear();
      default -> group.written.put(name, value);
    }
  }

  private void enter(Path folder, long process) throws IOException {
    if (!folder.equals(top) && !at(folder).shared.isEmpty()) {
      throw busy(folder);
    }
    groups.values().forEach(other -> other.processes.remove(process));
    at(folder).processes.add(process);
  }

  private void share(Path folder, String controller) throws IOException {
    if (!available(folder).contains(controller)) {
      throw new NoSuchFileException(controller + " is no controller of " + folder);
    }
    if (!folder.equals(top) && !at(folder).processes.isEmpty()) {
      throw busy(folder);
    }
    at(folder).shared.add(controller);
  }

  private TreeSet<String> available(Path group) {
    return group.equals(top)
        ? controllers
        : Objects.requireNonNull(groups.get(parent(group))).shared;
  }

  private TreeSet<String> names(Path group) {
    TreeSet<String> names =
        new TreeSet<>(List.of("cgroup.controllers", "cgroup.procs", "cgroup.subtree_control"));
    if (!group.equals(top)) {
      names.addAll(List.of("cgroup.type", "cgroup.kill", "cgroup.events"));
      if (available(group).contains("memory")) {
        names.addAll(List.of("memory.max", "memory.events"));
        if (swap) {
          names.add("memory.swap.max");
        }
      }
    }
    return names;
  }

  private List<Path> children(Path group) {
    return groups.keySet().stream().filter(child -> group.equals(child.getParent())).toList();
  }

  private Group at(Path group) throws IOException {
    Group found = groups.get(group);
    if (found == null) {
      throw new NoSuchFileException(group.toString());
    }
    return found;
  }

  private static Path parent(Path file) {
    return Objects.requireNonNull(file.getParent());
  }

  private static IOException busy(Path group) {
    return new FileSystemException(group.toString(), null, "Device or resource busy");
  }
}
