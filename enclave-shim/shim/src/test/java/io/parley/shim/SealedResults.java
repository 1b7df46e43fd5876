package io.parley.shim;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.parley.seal.SealedResultReader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.channels.Channels;

/** Opens results as a recipient's client does. */
final class SealedResults {
  private SealedResults() {}

  static String open(TestJob job, String result, String party) throws IOException {
    byte[] sealed = job.host("insurer").result(result);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    long size =
        SealedResultReader.open(Channels.newChannel(new ByteArrayInputStream(sealed)))
            .copyTo(party, TestWorld.value(job.world.results, party), Channels.newChannel(out));
    if (size != out.size()) {
      throw new AssertionError("said %d, gave %d".formatted(size, out.size()));
    }
    return out.toString(UTF_8);
  }
}
