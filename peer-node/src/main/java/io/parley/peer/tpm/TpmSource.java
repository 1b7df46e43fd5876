package io.parley.peer.tpm;

import com.google.protobuf.ByteString;
import java.io.IOException;
import java.util.List;

/** Where enclaves get a TPM from. Thread-safe. */
interface TpmSource extends AutoCloseable {
  /** One enclave's way to its TPM. For one thread at a time. */
  interface Session extends AutoCloseable {
    TpmClient tpm();

    /** What went into the registers of shims and apps. */
    EventLog log();

    /** DER certificates above the endorsement key's, as far as they are known here. */
    List<ByteString> issuers() throws IOException;

    /** DER revocation lists of the issuers, as they are now. */
    List<ByteString> lists();

    /** Lets go of the TPM; nothing that was started for it is left. */
    @Override
    void close();
  }

  /**
   * For a new enclave.
   *
   * @throws io.parley.wire.EnvironmentException PLATFORM_UNAVAILABLE with what to do
   */
  Session open() throws IOException;

  @Override
  void close();
}
