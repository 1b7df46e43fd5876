package io.parley.shim.exchange;

import io.parley.agreement.Agreement;
import io.parley.agreement.Dataset;
import io.parley.shim.host.Channel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which datasets go where, as the agreement says and nothing else: each owner's enclave sends to
 * every other computing enclave. Immutable.
 *
 * @param own the party's own datasets
 * @param outgoing own datasets, by the channel they go out on
 * @param incoming others' datasets, by the channel they come in on
 */
public record StreamPlan(
    List<Dataset> own, Map<Channel, Dataset> outgoing, Map<Channel, Dataset> incoming) {
  private static final String STREAM = "dataset/";

  /** For the enclave of this party. */
  public static StreamPlan of(Agreement agreement, String party) {
    Map<Channel, Dataset> outgoing = new LinkedHashMap<>();
    Map<Channel, Dataset> incoming = new LinkedHashMap<>();
    List<Dataset> own = new ArrayList<>();
    for (Dataset dataset : agreement.datasets()) {
      String stream = STREAM + dataset.name();
      if (dataset.owner().equals(party)) {
        own.add(dataset);
        agreement.compute().stream()
            .filter(other -> !other.equals(party) && agreement.mayHold(other, dataset.name()))
            .forEach(other -> outgoing.put(new Channel(other, stream, true), dataset));
      } else if (agreement.computes(party) && agreement.mayHold(party, dataset.name())) {
        incoming.put(new Channel(dataset.owner(), stream, false), dataset);
      }
    }
    return new StreamPlan(own, outgoing, incoming);
  }

  /** Every channel that the host may hand in. */
  public Set<Channel> channels() {
    return java.util.stream.Stream.of(outgoing, incoming)
        .flatMap(map -> map.keySet().stream())
        .collect(Collectors.toUnmodifiableSet());
  }

  /** The names of the party's own datasets. */
  public Set<String> ownNames() {
    return own.stream().map(Dataset::name).collect(Collectors.toUnmodifiableSet());
  }
}
