package io.parley.broker.cli;

import com.google.protobuf.InvalidProtocolBufferException;
import io.parley.proto.broker.v1.AppraiseBrokerRequest;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * For a party's node, which starts this program to judge its broker: one {@code
 * AppraiseBrokerRequest} on standard input, one {@code AppraiseBrokerResponse} on standard output.
 * Exit codes: 0 answered, whatever the answer; 2 that was no request.
 */
@Command(
    name = "broker",
    hidden = true,
    description = "Judges a broker's own evidence: a message in, a message out.",
    mixinStandardHelpOptions = true)
final class BrokerEvidenceCommand implements Callable<Integer> {
  private static final int OK = 0;
  private static final int WRONG_USE = 2;
  private static final int REQUEST_BYTES_MAX = 4 << 20;

  @Spec private @Nullable CommandSpec spec;

  private BrokerEvidenceCommand() {}

  @Override
  public Integer call() throws IOException {
    byte[] bytes;
    try (InputStream in = new FileInputStream(FileDescriptor.in)) {
      bytes = in.readNBytes(REQUEST_BYTES_MAX + 1);
    }
    if (bytes.length == 0 || bytes.length > REQUEST_BYTES_MAX) {
      return wrong("expected 1 to %d bytes on standard input".formatted(REQUEST_BYTES_MAX));
    }
    AppraiseBrokerRequest request;
    try {
      request = AppraiseBrokerRequest.parseFrom(bytes);
    } catch (InvalidProtocolBufferException e) {
      return wrong("standard input is no request: " + e.getMessage());
    }
    // Bytes, not text: the stream that commands print on is for text.
    try (OutputStream out = new FileOutputStream(FileDescriptor.out)) {
      new BrokerAppraiser().appraise(request).writeTo(out);
    }
    return OK;
  }

  private int wrong(String why) {
    Objects.requireNonNull(spec).commandLine().getErr().println(why);
    return WRONG_USE;
  }
}
