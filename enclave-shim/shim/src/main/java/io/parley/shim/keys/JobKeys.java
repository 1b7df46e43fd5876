package io.parley.shim.keys;

import io.parley.identity.VerifyingKey;
import io.parley.seal.Secret;
import io.parley.wire.BugException;
import java.util.Map;

/**
 * The keys that the broker granted to this enclave for this job. Closing wipes them.
 *
 * @param broker the key that signed the grant; its digest is the agreement's
 * @param job for the channels between the job's enclaves
 */
public record JobKeys(VerifyingKey broker, Map<String, Secret> datasets, Secret job)
    implements AutoCloseable {
  public JobKeys {
    datasets = Map.copyOf(datasets);
  }

  /** The data key of a dataset. */
  public Secret dataset(String name) {
    Secret key = datasets.get(name);
    if (key == null) {
      throw new BugException("no key of dataset '%s' was granted".formatted(name));
    }
    return key;
  }

  @Override
  public void close() {
    datasets.values().forEach(Secret::close);
    job.close();
  }
}
