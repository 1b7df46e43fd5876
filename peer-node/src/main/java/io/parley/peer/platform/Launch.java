package io.parley.peer.platform;

import com.google.protobuf.ByteString;
import io.parley.evidence.ReportData;

/**
 * What a platform knows about one enclave, for as long as it lives. Thread-safe; calls block.
 * {@link #close} may come at any time, and makes every later call fail.
 */
public interface Launch extends AutoCloseable {
  /**
   * The platform's signed document over this report data and what was measured.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE when the platform does not
   *     answer, or not as its specification says
   * @throws io.parley.wire.RefusedException what the broker said, where it was asked
   */
  ByteString attest(ReportData reportData, Credentials credentials);

  @Override
  void close();
}
