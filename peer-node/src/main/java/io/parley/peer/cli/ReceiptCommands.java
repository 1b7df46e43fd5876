package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.proto.broker.v1.Receipt;
import io.parley.wire.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

@Command(
    name = "receipt",
    description =
        "The broker's signed record of a finished job: what ran, on what, with what result.",
    footer = {"Example:", "  parley receipt show 5b1e77aa"})
final class ReceiptCommands {
  private final Session session;

  ReceiptCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "show",
      description = "Fetches a job's receipt from the broker, checks it and shows it.",
      footer = {
        "Examples:",
        "  parley receipt show 5b1e77aa",
        "  parley receipt show 5b1e77aa -o receipt.dsse     keep it, to check it again any time",
      })
  int show(
      @Parameters(paramLabel = "JOB", description = "Its id, or the first 8 digits.") String job,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Also write the signed receipt there.")
          @Nullable Path out)
      throws IOException {
    DsseEnvelope envelope =
        DsseEnvelope.fromProto(session.broker().receipt(session.node().findJob(job)));
    Receipt receipt = verified(envelope);
    if (out != null) {
      Files.write(out, envelope.encode().toByteArray());
    }
    session.printer().thing(Receipts.fields(receipt));
    return ExitCode.OK;
  }

  @Command(
      name = "verify",
      description = "Checks a receipt from a file, and a sealed result against it.",
      footer = {
        "Examples:",
        "  parley receipt verify receipt.dsse",
        "  parley receipt verify receipt.dsse --result summary=summary.sealed",
      })
  int verify(
      @Parameters(paramLabel = "FILE", description = "As 'receipt show -o' wrote it.") Path file,
      @Option(
              names = "--result",
              paramLabel = "NAME=FILE",
              description = "A sealed result that it must name.")
          @Nullable String result)
      throws IOException {
    DsseEnvelope envelope = DsseEnvelope.decode(ByteString.copyFrom(Files.readAllBytes(file)));
    Receipt receipt = verified(envelope);
    if (result != null) {
      int equals = result.indexOf('=');
      Path sealed = Path.of(result.substring(equals + 1));
      Receipts.requireNames(
          receipt, result.substring(0, Math.max(0, equals)), digest(sealed), Files.size(sealed));
    }
    session.notices().say("Good: signed by the broker that the agreement names.");
    session.printer().thing(Receipts.fields(receipt));
    return ExitCode.OK;
  }

  private Receipt verified(DsseEnvelope envelope) {
    Digest agreement = new Digest(Receipts.parse(envelope).getAgreementSha256());
    SignedAgreement signed =
        Agreements.signed(session.agreements().record(agreement.toString())).requireComplete();
    return Receipts.verify(
        envelope, signed, session.party().membership().current().broker().signingKey());
  }

  static Digest digest(Path file) throws IOException {
    var sha256 = Digest.newSha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return new Digest(ByteString.copyFrom(sha256.digest()));
  }
}
