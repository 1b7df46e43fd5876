package io.parley.shim.host;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;
import io.parley.proto.enclave.v1.Request;
import java.time.Duration;

/** The platform that vouches for this enclave, reached through the host. */
public final class Platform {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final HostConnection host;

  public Platform(HostConnection host) {
    this.host = host;
  }

  /** A document of the platform's own form over this report data. */
  public ByteString attest(ReportData reportData) {
    return host.call(Request.newBuilder().setAttest(reportData.value()), TIMEOUT);
  }
}
