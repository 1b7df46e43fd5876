package io.parley.peer.jobs;

import io.parley.peer.datasets.Datasets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What an enclave of this party needs: its datasets, open, and the app where it computes.
 *
 * @param app the folder with the app's files; null where the party does not compute
 */
record Prepared(List<Datasets.Opened> datasets, @Nullable Path app) implements AutoCloseable {
  static final Prepared NOTHING = new Prepared(List.of(), null);

  Prepared {
    datasets = List.copyOf(datasets);
  }

  @Override
  public void close() {
    datasets.forEach(Datasets.Opened::close);
  }
}
