package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.SignedAgreement;
import io.parley.identity.VerifyingKey;
import io.parley.peer.members.MembershipStore;
import io.parley.proto.broker.v1.GetReceiptResponse;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
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
  private static final int FILE_BYTES_MAX = 8 << 20;

  private final Session session;

  ReceiptCommands(Session session) {
    this.session = session;
  }

  @Command(
      name = "show",
      description = "Fetches a job's receipt from the broker, checks it and shows it.",
      footer = {
        "The file holds the agreement and the proof that the receipt is in the broker's log, too:",
        "whoever has it can check it any time, without broker and network.",
        "",
        "Examples:",
        "  parley receipt show 5b1e77aa",
        "  parley receipt show 5b1e77aa -o job.receipt",
      })
  int show(
      @Parameters(paramLabel = "JOB", description = "Its id, or enough of its first digits.")
          String job,
      @Option(
              names = {"-o", "--out"},
              paramLabel = "FILE",
              description = "Also write the receipt with its proof there.")
          @Nullable Path out)
      throws IOException {
    String id = session.node().findJob(job);
    GetReceiptResponse answer = session.broker().receipt(id);
    Digest digest =
        new Digest(
            Receipts.parse(DsseEnvelope.fromProto(answer.getReceipt())).getAgreementSha256());
    SignedAgreement agreement =
        Agreements.signed(session.agreements().record(digest.toString())).requireComplete();
    LoggedReceipt receipt =
        LoggedReceipt.check(LoggedReceipt.file(answer, agreement, homeBrokerKey()));
    if (!receipt.receipt().getJobId().equals(id)) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "the broker answered with the receipt of job %s; expected %s"
              .formatted(receipt.receipt().getJobId(), id));
    }
    if (out != null) {
      Files.write(out, StrictMessages.encode(receipt.file()).toByteArray());
    }
    receipt.sentences().forEach(session.notices()::say);
    session.printer().thing(receipt.fields());
    return ExitCode.OK;
  }

  @Command(
      name = "verify",
      description =
          "Checks a receipt from a file, and a sealed result against it, without any network.",
      footer = {
        "Checked: the parties' signatures under the agreement in the file, the broker's under the",
        "receipt, that the receipt is in the broker's log, and who cosigned that log. Where this home",
        "has a membership list, the broker must be the one in it.",
        "",
        "Examples:",
        "  parley receipt verify job.receipt",
        "  parley receipt verify job.receipt --agreement sha256:3f9a...",
        "  parley receipt verify job.receipt --result summary=summary.sealed",
      })
  int verify(
      @Parameters(paramLabel = "FILE", description = "As 'receipt show -o' wrote it.") Path file,
      @Option(
              names = "--agreement",
              paramLabel = "DIGEST",
              description = "The agreement that it must be about.")
          @Nullable String agreement,
      @Option(
              names = "--result",
              paramLabel = "NAME=FILE",
              description = "A sealed result that it must name.")
          @Nullable String result)
      throws IOException {
    if (Files.size(file) > FILE_BYTES_MAX) {
      throw new RefusedException(
          Reason.SIZE_LIMIT, "%s is larger than a receipt can be".formatted(file));
    }
    LoggedReceipt receipt = LoggedReceipt.read(ByteString.copyFrom(Files.readAllBytes(file)));
    if (agreement != null) {
      requireAgreement(receipt, Digest.parse(agreement));
    }
    String broker = compareBroker(receipt);
    if (result != null) {
      int equals = result.indexOf('=');
      Path sealed = Path.of(result.substring(equals + 1));
      Receipts.requireNames(
          receipt.receipt(),
          result.substring(0, Math.max(0, equals)),
          digest(sealed),
          Files.size(sealed));
    }
    receipt.sentences().forEach(session.notices()::say);
    session.notices().say(broker);
    if (agreement == null) {
      session
          .notices()
          .say(
              "Not checked: that this is the agreement you mean; compare its digest, or give"
                  + " --agreement.");
    }
    session.printer().thing(receipt.fields());
    return ExitCode.OK;
  }

  private static void requireAgreement(LoggedReceipt receipt, Digest expected) {
    Digest seen = receipt.agreement().digest();
    if (!seen.equals(expected)) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "the receipt is about agreement %s; expected %s".formatted(seen, expected));
    }
  }

  /** With the list of this home, where there is one; says which. */
  private String compareBroker(LoggedReceipt receipt) {
    if (session.party().clientNames().isEmpty()
        || !MembershipStore.exists(session.party().consortium())) {
      return "Not checked: there is no membership list here to compare the broker with.";
    }
    VerifyingKey seen = new VerifyingKey(receipt.file().getBrokerKey());
    VerifyingKey expected = homeBrokerKey();
    if (!seen.equals(expected)) {
      throw new RefusedException(
          Reason.BROKER_KEY_WRONG,
          "the receipt is of the broker %s; the membership list names %s"
              .formatted(seen.digest(), expected.digest()));
    }
    return "Good: it is the broker of this home's membership list.";
  }

  private VerifyingKey homeBrokerKey() {
    return session.party().membership().current().broker().signingKey();
  }

  static Digest digest(Path file) throws IOException {
    var sha256 = Digest.newSha256();
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), sha256)) {
      in.transferTo(java.io.OutputStream.nullOutputStream());
    }
    return new Digest(ByteString.copyFrom(sha256.digest()));
  }
}
