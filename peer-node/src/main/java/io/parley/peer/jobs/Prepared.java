package io.parley.peer.jobs;

import io.parley.peer.datasets.Datasets;
import io.parley.peer.enclaves.EnclaveApps;
import java.util.List;

/**
 * What an enclave of this party needs: its datasets, open, and its apps where it computes.
 *
 * @param apps none where the party does not compute
 */
record Prepared(List<Datasets.Opened> datasets, EnclaveApps apps) implements AutoCloseable {
  static final Prepared NOTHING = new Prepared(List.of(), EnclaveApps.NONE);

  Prepared {
    datasets = List.copyOf(datasets);
  }

  @Override
  public void close() {
    datasets.forEach(Datasets.Opened::close);
  }
}
