package io.parley.shim.release;

import io.parley.agreement.ResultRule;
import io.parley.link.Descriptor;
import io.parley.seal.Bindings;
import io.parley.seal.HpkePublicKey;
import io.parley.seal.SealedResultWriter;
import io.parley.shim.attest.Enclave;
import io.parley.shim.host.HostConnection;
import io.parley.wire.EnvironmentException;
import io.parley.wire.Reason;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.LinkOption;
import java.nio.file.StandardOpenOption;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/** Seals a result to the keys that the agreement names, into a file of the host's. */
final class ResultSealing {
  private static final Duration SINK_WAIT = Duration.ofSeconds(30);
  private static final int CHUNK_BYTES = 1 << 20;

  private final HostConnection host;
  private final Enclave enclave;
  private final String evidenceKind;
  private final SecureRandom random;

  ResultSealing(HostConnection host, Enclave enclave, String evidenceKind, SecureRandom random) {
    this.host = host;
    this.enclave = enclave;
    this.evidenceKind = evidenceKind;
    this.random = random;
  }

  /**
   * Seals one.
   *
   * @throws EnvironmentException IO_FAILED when the host's file can't be written, or TIMEOUT
   */
  ResultDigest seal(Output output) {
    String name = output.rule().name();
    try (Descriptor sink = host.openResult(name, SINK_WAIT);
        FileChannel source =
            FileChannel.open(
                output.file(), Set.of(StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS));
        SealedResultWriter writer =
            SealedResultWriter.create(
                sink.asChannel(),
                new Bindings.Result(enclave.signed().digest(), enclave.spec().jobId(), name),
                output.format().extension(),
                evidenceKind,
                recipients(output.rule()),
                random)) {
      ByteBuffer chunk = ByteBuffer.allocateDirect(CHUNK_BYTES);
      while (source.read(chunk.clear()) >= 0) {
        writer.write(chunk.flip());
      }
      SealedResultWriter.Sealed sealed = writer.finish();
      return new ResultDigest(name, output.rows(), sealed.sha256(), sealed.sizeBytes());
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "result '%s' can't be read".formatted(name), Map.of("result", name), e);
    }
  }

  private SortedMap<String, HpkePublicKey> recipients(ResultRule rule) {
    SortedMap<String, HpkePublicKey> keys = new TreeMap<>();
    rule.recipients()
        .forEach(party -> keys.put(party, enclave.agreement().party(party).resultKey()));
    return keys;
  }
}
