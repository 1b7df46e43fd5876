package io.parley.shim.release;

import com.google.protobuf.ByteString;
import io.parley.identity.VerifyingKey;
import io.parley.shim.attest.Enclave;
import io.parley.shim.exchange.DatasetUse;
import io.parley.shim.host.Broker;
import io.parley.shim.host.HostConnection;
import io.parley.shim.keys.Retries;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Steps 10 and 11 of a job: seals each result to its recipients and writes it to the host's file,
 * signs the report, and returns the broker's receipt once it was checked.
 */
public final class Release {
  private final HostConnection host;
  private final Enclave enclave;
  private final ResultSealing sealing;
  private final VerifyingKey brokerKey;
  private final Retries retries;

  /**
   * @param brokerKey that signed the grant
   */
  public Release(
      HostConnection host,
      Enclave enclave,
      String evidenceKind,
      VerifyingKey brokerKey,
      SecureRandom random,
      Retries retries) {
    this.host = host;
    this.enclave = enclave;
    this.sealing = new ResultSealing(host, enclave, evidenceKind, random);
    this.brokerKey = brokerKey;
    this.retries = retries;
  }

  /**
   * The receipt's envelope.
   *
   * @throws io.parley.wire.RefusedException what the broker said, or RECEIPT_WRONG
   */
  public ByteString release(List<Output> outputs, List<DatasetUse> inputs, Duration appTime) {
    List<ResultDigest> sealed = new ArrayList<>();
    for (Output output : outputs) {
      sealed.add(sealing.seal(output));
    }
    JobReport report = new JobReport(inputs, sealed, appTime);
    ByteString bytes = report.encode(enclave);
    ByteString signature = enclave.keys().signing().sign(JobReport.LABEL, bytes);
    Broker broker = new Broker(host);
    ByteString receipt = retries.whileAway(() -> broker.finishJob(bytes, signature));
    ReceiptCheck.check(receipt, report, enclave, brokerKey);
    return receipt;
  }
}
