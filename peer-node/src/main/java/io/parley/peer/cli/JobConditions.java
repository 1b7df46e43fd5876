package io.parley.peer.cli;

import io.parley.agreement.Agreement;
import io.parley.agreement.ResultNotices;
import io.parley.proto.peer.v1.Job;
import io.parley.proto.peer.v1.JobResult;
import io.parley.wire.Digest;
import io.parley.wire.ParleyException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A job with the conditions that its results were held to, which its agreement tells. */
final class JobConditions {
  private JobConditions() {}

  /** As {@link JobViews#fields}; a broker that cannot be asked is no reason to show nothing. */
  static Map<String, @Nullable Object> with(Session session, Job job) {
    Map<String, @Nullable Object> fields = JobViews.fields(job);
    if (job.getResultsCount() == 0) {
      return fields;
    }
    try {
      Digest digest = new Digest(job.getAgreementSha256());
      Agreement agreement =
          Agreements.signed(Agreements.checked(session.broker().agreement(digest), digest))
              .agreement();
      List<String> conditions = new ArrayList<>();
      for (JobResult result : job.getResultsList()) {
        conditions.addAll(ResultNotices.of(agreement, result.getName()));
      }
      if (!conditions.isEmpty()) {
        fields.put("conditions", conditions);
      }
    } catch (ParleyException e) {
      session
          .notices()
          .say("The conditions on its results are not known: %s".formatted(e.getMessage()));
    }
    return fields;
  }
}
