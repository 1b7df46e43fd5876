package io.parley.shim.answers;

import io.parley.wire.Digest;
import java.io.BufferedOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/** Writes what an app says about whose rows are in its groups. */
public final class IdentitiesFile {
  private final DataOutputStream out;

  private IdentitiesFile(DataOutputStream out) {
    this.out = out;
  }

  /** Who is in which group, with what contributions. */
  record Entry(int group, long person, long... contributions) {
    byte[] hash() {
      return Arrays.copyOf(
          Digest.of(Long.toString(person).getBytes(StandardCharsets.UTF_8)).value().toByteArray(),
          16);
    }
  }

  /** One dataset's part. */
  record Section(String dataset, List<String> measures, List<Entry> entries) {
    int groups() {
      return entries.stream().mapToInt(Entry::group).max().orElse(-1) + 1;
    }

    List<Entry> sorted() {
      return entries.stream()
          .sorted(
              Comparator.comparing(Entry::hash, Arrays::compareUnsigned)
                  .thenComparing(Entry::group))
          .toList();
    }
  }

  static Section section(String dataset, List<Entry> entries) {
    return new Section(dataset, List.of("*"), entries);
  }

  /** Everybody from one to another, in one group, with one row each. */
  static List<Entry> range(int group, long from, long to) {
    List<Entry> entries = new ArrayList<>();
    for (long i = from; i < to; i++) {
      entries.add(new Entry(group, i, 1));
    }
    return entries;
  }

  /** One group of everybody from one to another. */
  public static void write(Path folder, String dataset, long from, long to) {
    write(folder, section(dataset, range(0, from, to)));
  }

  static void write(Path folder, Section... sections) {
    Path fresh = folder.resolve("identities.new");
    try {
      try (DataOutputStream out =
          new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(fresh)))) {
        new IdentitiesFile(out).write(sections);
      }
      Files.move(
          fresh, folder.resolve(Identities.FILE), java.nio.file.StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void write(Section... sections) throws IOException {
    out.write("PARLEYI1".getBytes(StandardCharsets.US_ASCII));
    out.writeShort(sections.length);
    for (Section section : sections) {
      name(section.dataset());
      out.writeShort(section.measures().size());
      for (String measure : section.measures()) {
        name(measure);
      }
      out.writeInt(section.groups());
      out.writeShort(0);
      for (Entry entry : section.sorted()) {
        out.write(1);
        out.write(entry.hash());
        out.writeInt(entry.group());
        for (long contribution : entry.contributions()) {
          out.writeLong(contribution);
        }
      }
      out.write(0);
    }
  }

  private void name(String name) throws IOException {
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    out.writeShort(bytes.length);
    out.write(bytes);
  }

  static ByteBuffer bytes(Path folder) {
    try {
      return ByteBuffer.wrap(Files.readAllBytes(folder.resolve(Identities.FILE)));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }
}
