package io.parley.shim.release;

import com.google.protobuf.ByteString;
import io.parley.shim.attest.Enclave;
import io.parley.shim.exchange.DatasetUse;
import io.parley.wire.StrictMessages;
import java.time.Duration;
import java.util.List;

/**
 * What this enclave says about the finished job, and signs.
 *
 * @param appTime how long the app ran
 */
public record JobReport(List<DatasetUse> inputs, List<ResultDigest> outputs, Duration appTime) {
  static final String LABEL = "parley/v1/job-report";

  public JobReport {
    inputs = List.copyOf(inputs);
    outputs = List.copyOf(outputs);
  }

  /** The exact bytes. */
  ByteString encode(Enclave enclave) {
    return StrictMessages.encode(
        io.parley.proto.broker.v1.JobReport.newBuilder()
            .setJobId(enclave.spec().jobId())
            .setParty(enclave.party())
            .setJobSha256(enclave.job().value())
            .addAllInputs(inputs.stream().map(JobReport::message).toList())
            .addAllOutputs(outputs.stream().map(JobReport::message).toList())
            .setAppMillis(appTime.toMillis())
            .build());
  }

  static io.parley.proto.broker.v1.DatasetUse message(DatasetUse use) {
    return io.parley.proto.broker.v1.DatasetUse.newBuilder()
        .setDataset(use.dataset())
        .setRows(use.rows())
        .setCommitment(use.commitment().value())
        .build();
  }

  static io.parley.proto.broker.v1.ResultDigest message(ResultDigest result) {
    return io.parley.proto.broker.v1.ResultDigest.newBuilder()
        .setResult(result.result())
        .setRows(result.rows())
        .setSealedSha256(result.sealed().value())
        .setSealedBytes(result.sealedBytes())
        .build();
  }
}
