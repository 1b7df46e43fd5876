package io.parley.peer.jobs;

import io.parley.peer.store.JobPhase;
import java.time.InstantSource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * When each phase of an enclave began. Kept apart from the progress that is shown, which skips what
 * was over before anybody looked; what is no name of a phase is left out. Thread-safe.
 */
final class PhaseClock {
  private static final int PHASES_MAX = 16;
  private static final Pattern NAME = Pattern.compile("[a-z]{1,20}");

  private final InstantSource clock;
  private final Map<String, JobPhase> phases = new LinkedHashMap<>();

  PhaseClock(InstantSource clock) {
    this.clock = clock;
  }

  synchronized void at(String phase) {
    if (phases.size() < PHASES_MAX && NAME.matcher(phase).matches()) {
      phases.computeIfAbsent(phase, name -> new JobPhase(name, clock.instant()));
    }
  }

  synchronized List<JobPhase> phases() {
    return List.copyOf(phases.values());
  }
}
