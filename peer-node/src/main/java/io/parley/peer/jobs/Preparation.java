package io.parley.peer.jobs;

import io.parley.agreement.Dataset;
import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.EnclaveApps;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Gets at hand what a job needs at this node. Thread-safe; calls block. */
final class Preparation {
  private final Datasets datasets;
  private final AppShelf apps;
  private final Peers peers;

  Preparation(Datasets datasets, AppShelf apps, Peers peers) {
    this.datasets = datasets;
    this.apps = apps;
    this.peers = peers;
  }

  /** That the own datasets are there and are what was agreed; quick. */
  void check(JobContext job) {
    job.agreement().datasetsOf(job.party()).forEach(datasets::check);
  }

  /** Opens the own datasets, and fetches each app from another party when it is not here. */
  Prepared prepare(JobContext job) {
    if (!job.hasEnclave()) {
      return Prepared.NOTHING;
    }
    List<Datasets.Opened> opened = new ArrayList<>();
    try {
      for (Dataset agreed : job.agreement().datasetsOf(job.party())) {
        opened.add(datasets.open(agreed, job.signed().digest()));
      }
      return new Prepared(opened, job.computes() ? apps(job) : EnclaveApps.NONE);
    } catch (RuntimeException e) {
      opened.forEach(Datasets.Opened::close);
      throw e;
    }
  }

  private EnclaveApps apps(JobContext job) {
    return EnclaveApps.of(
        job.agreement(), job.agreement().apps().stream().map(app -> app(job, app)).toList());
  }

  private Path app(JobContext job, Digest app) {
    Optional<Path> here = apps.folder(app);
    if (here.isPresent()) {
      return here.get();
    }
    Set<String> others = new LinkedHashSet<>(List.of(job.spec().submitter()));
    others.addAll(job.agreement().partyNames());
    others.remove(job.party());
    @Nullable ParleyException last = null;
    for (String other : others) {
      try {
        return apps.receive(app, packed -> peers.fetchApp(other, app, packed));
      } catch (ParleyException e) {
        last = e;
      }
    }
    throw new RefusedException(
        Reason.APP_NOT_FOUND,
        "no party has app %s; add it with 'parley app add' at one of %s"
            .formatted(app, job.agreement().partyNames()),
        Map.of("app", app.toString()),
        last);
  }
}
