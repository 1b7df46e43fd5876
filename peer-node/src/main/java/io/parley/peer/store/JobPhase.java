package io.parley.peer.store;

import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** When a phase of this party's enclave began. Immutable. */
public record JobPhase(String name, Instant began) {
  /** As one column holds them: {@code name=milliseconds}, with blanks between. */
  static String text(List<JobPhase> phases) {
    return phases.stream()
        .map(phase -> phase.name + "=" + phase.began.toEpochMilli())
        .collect(Collectors.joining(" "));
  }

  static List<JobPhase> parse(String text) {
    return Arrays.stream(text.split(" "))
        .filter(part -> !part.isEmpty())
        .map(part -> {
          int at = part.indexOf('=');
          return new JobPhase(
              part.substring(0, at), Instant.ofEpochMilli(Long.parseLong(part.substring(at + 1))));
        })
        .toList();
  }
}
