package io.parley.peer.cli;

import com.google.protobuf.ByteString;
import io.parley.agreement.DsseEnvelope;
import io.parley.agreement.ResultNotices;
import io.parley.agreement.SignedAgreement;
import io.parley.peer.cli.output.ResultForm;
import io.parley.proto.broker.v1.Receipt;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobResult;
import io.parley.proto.peer.v1.JobState;
import io.parley.seal.HpkeKeyPair;
import io.parley.wire.Digest;
import io.parley.wire.EnvironmentException;
import io.parley.wire.ParleyException;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestOutputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Results: fetched sealed, checked against the receipt, then opened with the party's key. */
final class Results {

  private final Session session;
  private final PartyHome home;
  private final @Nullable NodeClient node;

  Results(Session session) {
    this(session, session.party(), session.node());
  }

  Results(Session session, PartyHome home, @Nullable NodeClient node) {
    this.session = session;
    this.home = home;
    this.node = node;
  }

  private NodeClient node() {
    return node == null ? session.node() : node;
  }

  /** A sealed result on disk that its receipt names; closing deletes it. */
  record Fetched(Path sealed, String name, Digest agreement, String jobId, List<String> notices)
      implements AutoCloseable {
    @Override
    public void close() throws IOException {
      Files.deleteIfExists(sealed);
    }
  }

  /**
   * @param name null for the only one
   */
  Fetched fetch(String jobId, @Nullable String name) throws IOException {
    Job job = node().job(jobId);
    requireThere(job);
    Digest agreement = new Digest(job.getAgreementSha256());
    SignedAgreement signed =
        Agreements.signed(
                Agreements.checked(session.brokerOf(home).agreement(agreement), agreement))
            .requireComplete();
    return fetch(job, signed, name == null ? onlyOne(job) : name);
  }

  Fetched fetch(Job job, SignedAgreement agreement, String name) throws IOException {
    Receipt receipt =
        Receipts.verify(
            DsseEnvelope.fromProto(job.getReceipt()),
            agreement,
            home.membership().current().broker().signingKey());
    if (!receipt.getJobId().equals(job.getJobId())) {
      throw new RefusedException(
          Reason.INVALID_RESULT,
          "the receipt is for job %s; expected %s".formatted(receipt.getJobId(), job.getJobId()));
    }
    Path sealed = Files.createTempFile("parley-result-", ".sealed");
    try {
      var sha256 = Digest.newSha256();
      try (OutputStream out =
          new DigestOutputStream(new BufferedOutputStream(Files.newOutputStream(sealed)), sha256)) {
        node().readResult(job.getJobId(), name, out);
      }
      Digest digest = new Digest(ByteString.copyFrom(sha256.digest()));
      Receipts.requireNames(receipt, name, digest, Files.size(sealed));
    } catch (IOException | ParleyException e) {
      Files.deleteIfExists(sealed);
      throw e;
    }
    List<String> notices = new ArrayList<>(Stamps.notices(receipt));
    notices.addAll(ResultNotices.of(agreement.agreement(), name));
    return new Fetched(sealed, name, agreement.digest(), job.getJobId(), notices);
  }

  /** Opens a fetched result and writes it. */
  void open(Fetched fetched, ResultForm form, @Nullable Path file) throws IOException {
    SealedFile sealed = SealedFile.of(fetched.sealed());
    sealed.requireAbout(fetched.jobId(), fetched.agreement(), fetched.name());
    fetched.notices().forEach(session.notices()::say);
    if (sealed.simulated() && !fetched.notices().contains(Stamps.SIMULATED)) {
      session.notices().say(Stamps.SIMULATED);
    }
    write(sealed, form, file);
  }

  /** Opens a sealed file that came by other ways; no receipt is at hand. */
  void openFile(Path path, ResultForm form, @Nullable Path file) throws IOException {
    SealedFile sealed = SealedFile.of(path);
    session
        .notices()
        .say(
            "result '%s' of job %s under agreement %s"
                .formatted(
                    sealed.head().result(), sealed.head().jobId(), sealed.head().agreement()));
    session.notices().say("Not checked against a receipt: 'parley receipt verify' does that.");
    Stamps.notices(sealed.head().evidenceKind()).forEach(session.notices()::say);
    write(sealed, form, file);
  }

  void copySealed(Fetched fetched, @Nullable Path file) throws IOException {
    if (file != null) {
      Files.copy(fetched.sealed(), file, StandardCopyOption.REPLACE_EXISTING);
      return;
    }
    Files.copy(fetched.sealed(), session.terminal().out());
    session.terminal().out().flush();
  }

  private void write(SealedFile sealed, ResultForm form, @Nullable Path file) throws IOException {
    // Before its key: where there is no home, that is what to say.
    String party = home.name();
    try (HpkeKeyPair key = home.resultKey()) {
      if (file == null) {
        sealed.write(party, key, form, session.terminal().out());
        return;
      }
      Path part = partOf(file);
      try {
        try (PrintStream out =
            new PrintStream(
                new BufferedOutputStream(Files.newOutputStream(part)),
                false,
                StandardCharsets.UTF_8)) {
          sealed.write(party, key, form, out);
          if (out.checkError()) {
            throw new IOException("could not write " + file);
          }
        }
        Files.move(part, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(part);
      }
    }
  }

  /** A new file beside this one, which gets its name when it is whole. */
  private static Path partOf(Path file) {
    Path folder = file.toAbsolutePath().normalize().getParent();
    if (folder == null || Files.isDirectory(file)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST, "cannot write to %s: it is a folder".formatted(file));
    }
    if (!Files.isDirectory(folder)) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "cannot write to %s: there is no folder %s".formatted(file, folder));
    }
    try {
      return Files.createTempFile(folder, "." + file.getFileName(), ".part");
    } catch (IOException e) {
      throw new EnvironmentException(
          Reason.IO_FAILED, "cannot make files in %s: %s".formatted(folder, e), Map.of(), e);
    }
  }

  private static void requireThere(Job job) {
    JobState state = job.getState();
    if (state == JobState.JOB_STATE_EXPIRED) {
      throw new RefusedException(
          Reason.RESULT_EXPIRED, "the results of job %s were deleted".formatted(job.getJobId()));
    }
    if (state != JobState.JOB_STATE_SUCCEEDED) {
      ParleyException failure = JobViews.failure(job);
      throw failure != null
          ? failure
          : new RefusedException(
              Reason.RESULT_NOT_FOUND,
              "job %s is %s; it has no results".formatted(job.getJobId(), JobViews.state(job)));
    }
  }

  private static String onlyOne(Job job) {
    List<String> names = job.getResultsList().stream().map(JobResult::getName).toList();
    if (names.size() != 1) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "the job has the results %s; say which".formatted(names),
          Map.of("results", String.join(",", names)));
    }
    return names.getFirst();
  }
}
