package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.agreement.Agreement;
import io.parley.proto.broker.v1.DatasetUse;
import io.parley.proto.broker.v1.JobReport;
import io.parley.proto.broker.v1.ResultDigest;
import io.parley.wire.Digest;
import io.parley.wire.Reason;
import io.parley.wire.RefusedException;
import io.parley.wire.StrictMessages;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What an enclave says about the job it finished: is it a report, and could it be true? */
final class JobReports {
  /** Label of a report's signature. */
  static final String LABEL = "parley/v1/job-report";

  private static final int SIZE_BYTES_MAX = 256 << 10;

  private JobReports() {}

  /**
   * Reads a report strictly.
   *
   * @throws RefusedException INVALID_REQUEST
   */
  static JobReport parse(ByteString bytes) {
    return StrictMessages.parse(
        JobReport.parser(), bytes, SIZE_BYTES_MAX, Reason.INVALID_REQUEST, "job report");
  }

  /**
   * Passes when it names the agreement's datasets and results only, each once, within their rules.
   *
   * @throws RefusedException INVALID_REQUEST, OUTPUT_RULE for a result with too many rows
   */
  static void check(JobReport report, Agreement agreement) {
    Set<String> inputs = new HashSet<>();
    for (DatasetUse input : report.getInputsList()) {
      requireOnce(inputs.add(input.getDataset()), "inputs", input.getDataset());
      agreement.dataset(input.getDataset());
      requireDigest("inputs.commitment", input.getCommitment());
    }
    Set<String> outputs = new HashSet<>();
    for (ResultDigest output : report.getOutputsList()) {
      requireOnce(outputs.add(output.getResult()), "outputs", output.getResult());
      requireDigest("outputs.sealed_sha256", output.getSealedSha256());
      long most = agreement.result(output.getResult()).maxRows();
      if (Long.compareUnsigned(output.getRows(), most) > 0) {
        throw new RefusedException(
            Reason.OUTPUT_RULE,
            "result '%s' has %s rows; the agreement allows %d"
                .formatted(output.getResult(), Long.toUnsignedString(output.getRows()), most),
            Map.of("result", output.getResult(), "max_rows", Long.toString(most)));
      }
    }
  }

  private static void requireOnce(boolean first, String field, String name) {
    if (!first) {
      throw wrong(field, "'%s' twice".formatted(name));
    }
  }

  private static void requireDigest(String field, ByteString value) {
    if (value.size() != Digest.SIZE_BYTES) {
      throw wrong(field, "%d bytes long; expected %d".formatted(value.size(), Digest.SIZE_BYTES));
    }
  }

  private static RefusedException wrong(String field, String problem) {
    return new RefusedException(
        Reason.INVALID_REQUEST,
        "job report: %s: %s".formatted(field, problem),
        Map.of("field", field));
  }
}
