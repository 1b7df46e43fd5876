package io.parley.peer.grpc;

import com.google.protobuf.Duration;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.parley.identity.Caller;
import io.parley.identity.Role;
import io.parley.peer.jobs.JobFeed;
import io.parley.peer.jobs.Jobs;
import io.parley.peer.jobs.Submission;
import io.parley.peer.results.ResultFiles;
import io.parley.peer.store.JobRecord;
import io.parley.peer.store.ResultRecord;
import io.parley.proto.peer.v1.CancelJobRequest;
import io.parley.proto.peer.v1.CancelJobResponse;
import io.parley.proto.peer.v1.CreateJobRequest;
import io.parley.proto.peer.v1.CreateJobResponse;
import io.parley.proto.peer.v1.GetJobRequest;
import io.parley.proto.peer.v1.GetJobResponse;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobServiceGrpc;
import io.parley.proto.peer.v1.ListJobsRequest;
import io.parley.proto.peer.v1.ListJobsResponse;
import io.parley.proto.peer.v1.ReadResultRequest;
import io.parley.proto.peer.v1.ReadResultResponse;
import io.parley.proto.peer.v1.WatchJobRequest;
import io.parley.proto.peer.v1.WatchJobResponse;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Jobs for the party's own clients: analysts see what is theirs, operators all. */
public final class JobGrpc extends JobServiceGrpc.JobServiceImplBase {
  private static final int PAGE_DEFAULT = 100;
  private static final int PAGE_MAX = 1000;
  private static final long WATCH_POLL_MS = 1000;
  private static final long TIMEOUT_CLAMP_SECONDS = 1L << 40;
  private static final long TIMEOUT_DEFAULT_SECONDS = 600;

  private final String party;
  private final Jobs jobs;
  private final ResultFiles results;
  private final Supplier<Caller> caller;
  private final ExecutorService threads;

  public JobGrpc(
      String party,
      Jobs jobs,
      ResultFiles results,
      Supplier<Caller> caller,
      ExecutorService threads) {
    this.party = party;
    this.jobs = jobs;
    this.results = results;
    this.caller = caller;
    this.threads = threads;
  }

  @Override
  public void createJob(CreateJobRequest request, StreamObserver<CreateJobResponse> out) {
    Caller who = caller.get();
    Calls.answer(
        out,
        () -> {
          Submission asked =
              new Submission(
                  who.name(),
                  request.getRequestId(),
                  new Digest(request.getAgreementSha256()),
                  request.getParametersMap(),
                  timeout(request));
          JobRecord job = request.getValidateOnly() ? jobs.validate(asked) : jobs.submit(asked);
          return CreateJobResponse.newBuilder().setJob(message(job)).build();
        });
  }

  private static java.time.Duration timeout(CreateJobRequest request) {
    Duration asked = request.getTimeout();
    // Clamped far outside of what is allowed: a client's number must not overflow ours.
    return request.hasTimeout()
        ? java.time.Duration.ofSeconds(
            Math.clamp(asked.getSeconds(), -TIMEOUT_CLAMP_SECONDS, TIMEOUT_CLAMP_SECONDS),
            asked.getNanos())
        : java.time.Duration.ofSeconds(TIMEOUT_DEFAULT_SECONDS);
  }

  @Override
  public void getJob(GetJobRequest request, StreamObserver<GetJobResponse> out) {
    Caller who = caller.get();
    Calls.answer(
        out,
        () -> GetJobResponse.newBuilder().setJob(message(seen(who, request.getJobId()))).build());
  }

  @Override
  public void listJobs(ListJobsRequest request, StreamObserver<ListJobsResponse> out) {
    Caller who = caller.get();
    Calls.answer(
        out,
        () -> {
          int size = pageSize(request.getPageSize());
          @Nullable JobRecord after =
              request.getPageToken().isEmpty() ? null : seen(who, request.getPageToken());
          List<JobRecord> page =
              jobs.list(who.role() == Role.OPERATOR ? null : who.name(), after, size + 1);
          ListJobsResponse.Builder response = ListJobsResponse.newBuilder();
          page.stream().limit(size).forEach(job -> response.addJobs(message(job)));
          if (page.size() > size) {
            response.setNextPageToken(page.get(size - 1).jobId());
          }
          return response.build();
        });
  }

  private static int pageSize(int asked) {
    if (asked < 0 || asked > PAGE_MAX) {
      throw new RefusedException(
          Reason.INVALID_REQUEST,
          "page_size %d is out of bounds; 0 to %d".formatted(asked, PAGE_MAX),
          Map.of("page_size", Integer.toString(asked)));
    }
    return asked == 0 ? PAGE_DEFAULT : asked;
  }

  @Override
  public void cancelJob(CancelJobRequest request, StreamObserver<CancelJobResponse> out) {
    Caller who = caller.get();
    Calls.answer(
        out,
        () -> {
          JobRecord job = seen(who, request.getJobId());
          JobRecord now = jobs.cancel(job.jobId(), who.toString(), request.getReason());
          return CancelJobResponse.newBuilder().setJob(message(now)).build();
        });
  }

  @Override
  public void watchJob(WatchJobRequest request, StreamObserver<WatchJobResponse> out) {
    try {
      String jobId = seen(caller.get(), request.getJobId()).jobId();
      ServerCallStreamObserver<WatchJobResponse> stream =
          (ServerCallStreamObserver<WatchJobResponse>) out;
      FlowWriter<WatchJobResponse> writer = new FlowWriter<>(stream);
      stream.setOnCancelHandler(writer::gone);
      JobFeed.Watcher watcher = jobs.feed().watch(jobId);
      Thread unused =
          Thread.ofVirtual().name("watch").start(() -> watch(jobId, watcher, writer, stream));
    } catch (RuntimeException e) {
      Calls.fail(out, e);
    }
  }

  private void watch(
      String jobId,
      JobFeed.Watcher watcher,
      FlowWriter<WatchJobResponse> writer,
      ServerCallStreamObserver<WatchJobResponse> stream) {
    try (watcher) {
      @Nullable Job last = null;
      while (!stream.isCancelled()) {
        JobRecord now = jobs.get(jobId);
        Job message = message(now);
        if (!message.equals(last)) {
          writer.write(WatchJobResponse.newBuilder().setJob(message).build());
          last = message;
        }
        if (now.state().ended()) {
          stream.onCompleted();
          return;
        }
        boolean unused = watcher.await(WATCH_POLL_MS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      Calls.fail(stream, e);
    }
  }

  @Override
  public void readResult(ReadResultRequest request, StreamObserver<ReadResultResponse> out) {
    try {
      JobRecord job = seen(caller.get(), request.getJobId());
      String result = request.getResult();
      requireRecipient(job, result);
      Calls.sendFile(
          out,
          threads,
          () -> results.open(job.jobId(), result, request.getOffset(), party),
          piece -> ReadResultResponse.newBuilder().setChunk(piece).build(),
          () -> jobs.delivered(job.jobId(), result, party));
    } catch (RuntimeException e) {
      Calls.fail(out, e);
    }
  }

  /** A computing party's node may hold results that its own party may not read. */
  private void requireRecipient(JobRecord job, String name) {
    if (!job.state().ended()) {
      throw new RefusedException(
          Reason.RESULT_NOT_FOUND,
          "job %s is %s: no results yet".formatted(job.jobId(), job.state()),
          Map.of("job", job.jobId()));
    }
    for (ResultRecord result : results.of(job.jobId())) {
      if (result.name().equals(name) && !result.recipients().contains(party)) {
        throw new RefusedException(
            Reason.NOT_A_RECIPIENT,
            "'%s' is no recipient of result '%s'; recipients: %s"
                .formatted(party, name, String.join(", ", result.recipients())),
            Map.of("result", name, "party", party));
      }
    }
  }

  /** The job, when this caller may see it; otherwise it does not exist. */
  private JobRecord seen(Caller who, String jobId) {
    JobRecord job = jobs.get(jobId);
    boolean own = job.submitterParty().equals(party) && job.submitterClient().equals(who.name());
    if (who.role() != Role.OPERATOR && !own) {
      throw new RefusedException(
          Reason.JOB_NOT_FOUND,
          "no job %s of '%s' at '%s'".formatted(jobId, who.name(), party),
          Map.of("job", jobId));
    }
    return job;
  }

  private Job message(JobRecord job) {
    return JobMessages.job(job, job.state().ended() ? results.of(job.jobId()) : List.of());
  }
}
