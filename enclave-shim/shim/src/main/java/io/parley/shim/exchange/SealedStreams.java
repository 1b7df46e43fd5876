package io.parley.shim.exchange;

import io.parley.link.Descriptor;
import io.parley.seal.ChannelContext;
import io.parley.seal.RecordChannel;
import io.parley.shim.arrow.ByteSink;
import io.parley.shim.arrow.ByteSource;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.Channel;
import io.parley.shim.keys.JobKeys;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ReadableByteChannel;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;

/**
 * Makes sealed streams of sockets that the host handed in: under the dataset's key, for this job,
 * between these two parties, in this direction. Thread-safe; a stream is not.
 */
final class SealedStreams {
  private final Enclave enclave;
  private final JobKeys keys;
  private final SecureRandom random;

  SealedStreams(Enclave enclave, JobKeys keys, SecureRandom random) {
    this.enclave = enclave;
    this.keys = keys;
    this.random = random;
  }

  /** Shakes hands as the side that sends. */
  Outgoing outgoing(Descriptor socket, Channel channel, String dataset) {
    return new Outgoing(
        RecordChannel.initiate(
            socket.asChannel(),
            context(enclave.party(), channel.party(), channel.stream()),
            keys.dataset(dataset),
            random));
  }

  /** Shakes hands as the side that receives. */
  Incoming incoming(Descriptor socket, Channel channel, String dataset) {
    return new Incoming(
        RecordChannel.accept(
            socket.asChannel(),
            context(channel.party(), enclave.party(), channel.stream()),
            keys.dataset(dataset),
            random),
        channel);
  }

  private ChannelContext context(String initiator, String acceptor, String stream) {
    return new ChannelContext(
        enclave.signed().digest(), enclave.job(), initiator, acceptor, stream);
  }

  /** A peer that neither sends nor takes a byte for this long is taken for gone. */
  static void setTimeouts(Descriptor socket, Channel channel, Duration stall) {
    try {
      socket.setTimeouts(stall, stall);
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED,
          "what the host gave for stream %s of %s is no socket"
              .formatted(channel.stream(), channel.party()),
          Map.of("stream", channel.stream(), "party", channel.party()),
          e);
    }
  }

  /** A stream in either direction. */
  interface Stream extends AutoCloseable {
    /** Tells the other side why nothing more comes, or is taken; does not wait for anybody. */
    void giveUp(Reason reason);

    @Override
    void close();
  }

  /** A stream that goes out. */
  static final class Outgoing implements ByteSink, Stream {
    private final RecordChannel records;

    private Outgoing(RecordChannel records) {
      this.records = records;
    }

    @Override
    public void write(ByteBuffer bytes) {
      records.sender().write(bytes);
    }

    /** Ends the stream and waits until the receiver says that it has it all. */
    void finish() {
      records.sender().finish();
      records.awaitAcknowledgement();
    }

    /** The other side's reason when that is the cause of this failure, else the failure. */
    ParleyException explain(ParleyException failure) {
      return records.explain(failure);
    }

    @Override
    public void giveUp(Reason reason) {
      records.abort(reason);
    }

    @Override
    public void close() {
      records.close();
    }
  }

  /** A stream that comes in. */
  static final class Incoming implements ByteSource, Stream {
    private final RecordChannel records;
    private final ReadableByteChannel input;
    private final Channel channel;

    private Incoming(RecordChannel records, Channel channel) {
      this.records = records;
      this.input = records.receiver().asInputChannel();
      this.channel = channel;
    }

    @Override
    public void readFully(ByteBuffer into) {
      try {
        while (into.hasRemaining()) {
          if (input.read(into) < 0) {
            throw new EOFException();
          }
        }
      } catch (IOException e) {
        throw broken("it ends too early");
      }
    }

    /** Nothing may follow. */
    void requireEnd() {
      if (records.receiver().receive()) {
        throw broken("something follows its end");
      }
    }

    /** Tells the sender that all of it has arrived. */
    void acknowledge() {
      records.acknowledge();
    }

    @Override
    public void giveUp(Reason reason) {
      records.abort(reason);
    }

    private ParleyException broken(String problem) {
      return new io.parley.wire.RefusedException(
          Reason.PEER_PROTOCOL_BROKEN,
          "stream %s of %s: %s".formatted(channel.stream(), channel.party(), problem),
          Map.of("stream", channel.stream(), "party", channel.party()));
    }

    @Override
    public void close() {
      records.close();
    }
  }
}
