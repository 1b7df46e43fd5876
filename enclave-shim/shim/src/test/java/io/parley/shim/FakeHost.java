package io.parley.shim;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.evidence.ReportData;
import io.parley.evidence.SimulatedEvidence;
import io.parley.link.Descriptor;
import io.parley.link.HostLink;
import io.parley.link.Received;
import io.parley.link.Sockets;
import io.parley.proto.enclave.v1.ChannelReady;
import io.parley.proto.enclave.v1.DatasetCertified;
import io.parley.proto.enclave.v1.DatasetSource;
import io.parley.proto.enclave.v1.Finished;
import io.parley.proto.enclave.v1.HostFrame;
import io.parley.proto.enclave.v1.Progress;
import io.parley.proto.enclave.v1.Reply;
import io.parley.proto.enclave.v1.Request;
import io.parley.proto.enclave.v1.ResultSink;
import io.parley.proto.enclave.v1.ShimFrame;
import io.parley.proto.enclave.v1.StartJob;
import io.parley.proto.enclave.v1.Stop;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Statuses;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Plays one party's host: its shim's end of the link is {@link #shimEnd}. */
class FakeHost implements AutoCloseable {
  /** Connects two enclaves; may put something between them. */
  interface Wires {
    /** The initiator's end and the acceptor's. */
    List<Descriptor> connect(String from, String to, String stream) throws IOException;
  }

  final String party;
  final FakeBroker broker;
  final HostLink shimEnd;

  /** Handed in with the dataset; those that the shim gives are put here. */
  final Map<String, ByteString> certificates = new ConcurrentHashMap<>();

  final Map<String, Path> results = new ConcurrentHashMap<>();

  /** Datasets of which the shim gave a certificate. */
  final List<String> given = new CopyOnWriteArrayList<>();

  final List<Progress> progress = new CopyOnWriteArrayList<>();
  final CompletableFuture<Finished> finished = new CompletableFuture<>();
  volatile long memoryLimitBytes = 4L << 30;
  volatile long timeoutMillis = 60_000;
  volatile Wires wires = (from, to, stream) -> Sockets.pair();
  private final HostLink link;
  private final Path folder;
  private final Map<String, FakeHost> others;

  /**
   * @param others every host of the job by party, this one added
   */
  FakeHost(String party, FakeBroker broker, Path folder, Map<String, FakeHost> others)
      throws IOException {
    this.party = party;
    this.broker = broker;
    this.folder = Files.createDirectories(folder);
    this.others = others;
    List<Descriptor> pair = Sockets.pair();
    link = new HostLink(pair.get(0));
    shimEnd = new HostLink(pair.get(1));
    others.put(party, this);
    Thread thread = new Thread(this::listen, "fake-host-" + party);
    thread.setDaemon(true);
    thread.start();
  }

  void start() {
    start(broker.signed.toEnvelope(), broker.spec.encode());
  }

  void start(ByteString agreement, ByteString spec) {
    send(
        HostFrame.newBuilder()
            .setStartJob(
                StartJob.newBuilder()
                    .setAgreement(agreement)
                    .setJobSpec(spec)
                    .setParty(party)
                    .setEvidenceKind("simulated")
                    .setMemoryLimitBytes(memoryLimitBytes)
                    .setTimeoutMs(timeoutMillis)));
  }

  void give(String dataset, byte[] file) throws IOException {
    give(dataset, file, broker.world.salt());
  }

  void give(String dataset, byte[] file, ByteString salt) throws IOException {
    Path path = Files.write(folder.resolve(dataset + ".dataset"), file);
    try (Descriptor descriptor = Descriptor.openForReading(path)) {
      send(
          HostFrame.newBuilder()
              .setDatasetSource(
                  DatasetSource.newBuilder()
                      .setDataset(dataset)
                      .setSizeBytes(file.length)
                      .setSalt(salt)
                      .setCertificate(certificates.getOrDefault(dataset, ByteString.EMPTY))),
          descriptor);
    }
  }

  void stop(String reason) {
    send(HostFrame.newBuilder().setStop(Stop.newBuilder().setReason(reason)));
  }

  /** How the job ended; fails after half a minute. */
  Finished outcome() throws Exception {
    return finished.get(30, TimeUnit.SECONDS);
  }

  /** How it failed. */
  ParleyException failure() throws Exception {
    Finished outcome = outcome();
    if (outcome.getOutcomeCase() != Finished.OutcomeCase.STATUS) {
      throw new AssertionError("the job went well");
    }
    return Statuses.fromStatus(com.google.rpc.Status.parseFrom(outcome.getStatus()));
  }

  byte[] result(String name) throws IOException {
    return Files.readAllBytes(TestWorld.value(results, name));
  }

  void send(HostFrame.Builder frame, Descriptor... descriptors) {
    try {
      link.send(frame.build().toByteArray(), descriptors);
    } catch (EnvironmentException e) {
      // A job may end before its host has handed everything in.
      if (!finished.isDone()) {
        throw e;
      }
    }
  }

  void ready(String other, String stream, boolean initiator, Descriptor socket) {
    send(
        HostFrame.newBuilder()
            .setChannelReady(
                ChannelReady.newBuilder()
                    .setParty(other)
                    .setStream(stream)
                    .setInitiator(initiator)),
        socket);
  }

  private void listen() {
    try {
      while (true) {
        try (Received received = link.receive()) {
          take(ShimFrame.parseFrom(received.frame()));
        }
      }
    } catch (EnvironmentException e) {
      finished.completeExceptionally(e);
    } catch (IOException e) {
      finished.completeExceptionally(e);
      throw new UncheckedIOException(e);
    }
  }

  private void take(ShimFrame frame) throws IOException {
    switch (frame.getFrameCase()) {
      case REQUEST -> reply(frame.getRequest());
      case OPEN_CHANNEL ->
          connect(frame.getOpenChannel().getToParty(), frame.getOpenChannel().getStream());
      case OPEN_RESULT -> openResult(frame.getOpenResult().getResult());
      case PROGRESS -> progress.add(frame.getProgress());
      case DATASET_CERTIFIED -> {
        DatasetCertified certified = frame.getDatasetCertified();
        given.add(certified.getDataset());
        certificates.put(certified.getDataset(), certified.getCertificate());
      }
      case FINISHED -> {
        finished.complete(frame.getFinished());
        link.close();
      }
      case FRAME_NOT_SET -> throw new AssertionError("empty frame");
    }
  }

  private void connect(String to, String stream) throws IOException {
    List<Descriptor> pair = wires.connect(party, to, stream);
    try (Descriptor mine = pair.get(0);
        Descriptor theirs = pair.get(1)) {
      ready(to, stream, true, mine);
      TestWorld.value(others, to).ready(party, stream, false, theirs);
    }
  }

  private void openResult(String result) throws IOException {
    Path path = folder.resolve(result + ".sealed");
    results.put(result, path);
    try (Descriptor descriptor = Descriptor.createForWriting(path)) {
      send(
          HostFrame.newBuilder().setResultSink(ResultSink.newBuilder().setResult(result)),
          descriptor);
    }
  }

  private void reply(Request request) {
    Reply.Builder reply = Reply.newBuilder().setId(request.getId());
    try {
      reply.setResponse(answer(request));
    } catch (ParleyException e) {
      reply.setStatus(Statuses.toStatus(e).toByteString());
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
    send(HostFrame.newBuilder().setReply(reply));
  }

  ByteString answer(Request request) throws InvalidProtocolBufferException {
    return switch (request.getCallCase()) {
      case CREATE_CHALLENGE -> broker.createChallenge();
      case REQUEST_KEYS -> broker.requestKeys(request.getRequestKeys());
      case FINISH_JOB -> broker.finishJob(request.getFinishJob());
      case READ_ANSWERS -> broker.answers.read(request.getReadAnswers());
      case RECORD_ANSWER -> broker.answers.record(request.getRecordAnswer());
      case ATTEST ->
          SimulatedEvidence.sign(
              TestWorld.key(broker.world.platforms, party)::sign,
              new ReportData(request.getAttest()),
              broker.world.shim,
              "bwrap");
      case CALL_NOT_SET -> throw new AssertionError("empty call");
    };
  }

  @Override
  public void close() {
    link.close();
  }
}
