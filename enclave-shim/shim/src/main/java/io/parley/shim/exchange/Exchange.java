package io.parley.shim.exchange;

import io.parley.agreement.Dataset;
import io.parley.gate.GateLimits;
import io.parley.link.Descriptor;
import io.parley.shim.Tasks;
import io.parley.shim.arrow.ArrowWriter;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.Channel;
import io.parley.shim.host.DatasetHandle;
import io.parley.shim.host.HostConnection;
import io.parley.shim.keys.JobKeys;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.stream.Collectors;

/**
 * Step 8 of a job for one enclave: own datasets go to every other computing enclave; where this one
 * computes, all datasets become complete inputs. Everything side by side, and all or nothing.
 *
 * <p>Closing wakes whoever is blocked on a stream.
 */
public final class Exchange implements AutoCloseable {
  /**
   * @param arrival how long the host may take to hand something in; other enclaves may still start
   * @param stall how long a peer may neither send nor take a byte
   */
  public record Patience(Duration arrival, Duration stall) {
    /** For a job in which other enclaves may have this many verification gates to pass first. */
    public Patience beyond(int gates) {
      Duration more = GateLimits.TIME_MAX.multipliedBy(gates);
      return new Patience(arrival.plus(more), stall.plus(more));
    }
  }

  private final HostConnection host;
  private final StreamPlan plan;
  private final Patience patience;
  private final SecureRandom random;
  private final RowCounter rows;
  private final Map<String, Future<OwnDataset>> own;
  private final ConcurrentLinkedQueue<DatasetHandle> handles = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Descriptor> sockets = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<SealedStreams.Stream> sealed = new ConcurrentLinkedQueue<>();
  private volatile boolean closed;

  private Exchange(
      HostConnection host,
      StreamPlan plan,
      Patience patience,
      SecureRandom random,
      ExchangeProgress progress) {
    this.host = host;
    this.plan = plan;
    this.patience = patience;
    this.random = random;
    this.rows = new RowCounter(progress);
    this.own =
        plan.own().stream()
            .collect(
                Collectors.toUnmodifiableMap(
                    Dataset::name, dataset -> Tasks.start("dataset", () -> open(dataset))));
  }

  /**
   * Asks for the outgoing streams and opens the party's own datasets, so that they are there when
   * the keys are.
   */
  public static Exchange begin(
      HostConnection host,
      StreamPlan plan,
      Patience patience,
      SecureRandom random,
      ExchangeProgress progress) {
    Exchange exchange = new Exchange(host, plan, patience, random, progress);
    plan.outgoing().keySet().forEach(host::openChannel);
    return exchange;
  }

  /**
   * Sends, and returns when every receiver has said that it has everything.
   *
   * @return what was sent, by dataset
   */
  public List<DatasetUse> send(Enclave enclave, JobKeys keys) {
    return run(sending(new SealedStreams(enclave, keys, random), certificates(enclave, keys)));
  }

  /**
   * Sends and receives.
   *
   * @param in where complete inputs go
   * @return every dataset of the job, in the agreement's order
   */
  public List<DatasetUse> sendAndReceive(
      Enclave enclave, JobKeys keys, Path in, MemoryBudget budget) {
    SealedStreams streams = new SealedStreams(enclave, keys, random);
    Certificates certificates = certificates(enclave, keys);
    Inputs inputs = new Inputs(in, budget);
    List<Callable<DatasetUse>> tasks = sending(streams, certificates);
    plan.own().forEach(dataset -> tasks.add(() -> keep(dataset, certificates, inputs)));
    plan.incoming()
        .forEach((channel, dataset) -> tasks.add(() -> receive(channel, dataset, streams, inputs)));
    return run(tasks);
  }

  private Certificates certificates(Enclave enclave, JobKeys keys) {
    return new Certificates(enclave.signed().digest(), keys, random, host::certified);
  }

  private List<DatasetUse> run(List<Callable<DatasetUse>> tasks) {
    return Tasks.all("exchange", tasks, this::giveUp).stream()
        .collect(Collectors.toMap(DatasetUse::dataset, use -> use, (first, same) -> first))
        .values()
        .stream()
        .sorted(Comparator.comparing(DatasetUse::dataset))
        .toList();
  }

  private List<Callable<DatasetUse>> sending(SealedStreams streams, Certificates certificates) {
    List<Callable<DatasetUse>> tasks = new ArrayList<>();
    plan.outgoing()
        .forEach(
            (channel, dataset) -> tasks.add(() -> send(channel, dataset, streams, certificates)));
    return tasks;
  }

  private DatasetUse send(
      Channel channel, Dataset dataset, SealedStreams streams, Certificates certificates) {
    OwnDataset source = own(dataset);
    rows.expect(source.head().rows());
    try (Descriptor socket = socket(channel);
        SealedStreams.Outgoing out = streams.outgoing(socket, channel, dataset.name())) {
      sealed.add(out);
      try {
        DatasetUse use = DatasetSender.send(source, certificates, out, rows::moved);
        out.finish();
        return use;
      } catch (ParleyException e) {
        ParleyException explained = out.explain(e);
        out.giveUp(e.reason());
        throw explained;
      }
    }
  }

  private DatasetUse receive(
      Channel channel, Dataset dataset, SealedStreams streams, Inputs inputs) {
    try (Descriptor socket = socket(channel);
        SealedStreams.Incoming in = streams.incoming(socket, channel, dataset.name())) {
      sealed.add(in);
      try {
        return new DatasetReceiver(dataset, inputs).receive(in, rows);
      } catch (ParleyException e) {
        in.giveUp(e.reason());
        throw e;
      }
    }
  }

  private DatasetUse keep(Dataset dataset, Certificates certificates, Inputs inputs) {
    OwnDataset source = own(dataset);
    rows.expect(source.head().rows());
    try (InputFile input = inputs.create(dataset.name(), source.head().sizeBytes())) {
      ArrowWriter arrow = ArrowWriter.file(source.schema(), input);
      DatasetUse use =
          source.read(
              certificates,
              batch -> {
                arrow.accept(batch);
                rows.moved(batch.rows());
              });
      arrow.finish();
      input.complete();
      return use;
    }
  }

  private OwnDataset open(Dataset dataset) {
    DatasetHandle handle = host.dataset(dataset.name(), patience.arrival());
    handles.add(handle);
    if (closed) {
      handle.close();
    }
    return OwnDataset.open(dataset, handle, random);
  }

  private OwnDataset own(Dataset dataset) {
    return Tasks.get(Objects.requireNonNull(own.get(dataset.name()), dataset.name()));
  }

  private Descriptor socket(Channel channel) {
    Descriptor socket = host.channel(channel, patience.arrival());
    sockets.add(socket);
    SealedStreams.setTimeouts(socket, channel, patience.stall());
    return socket;
  }

  /** Tells all peers why, as well as that goes without waiting, and wakes everybody. */
  private void giveUp(RuntimeException failure) {
    Reason reason = failure instanceof ParleyException known ? known.reason() : Reason.INTERNAL;
    sealed.forEach(stream -> stream.giveUp(reason));
    close();
  }

  @Override
  public void close() {
    closed = true;
    sockets.forEach(Descriptor::close);
    own.values().forEach(opening -> opening.cancel(true));
    handles.forEach(DatasetHandle::close);
  }
}
