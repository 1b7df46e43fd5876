package io.parley.broker.release;

import com.google.protobuf.ByteString;
import java.time.Duration;

/**
 * A credential for a TPM.
 *
 * @param id that the answer has to come with
 * @param blob TPM2B_ID_OBJECT
 * @param encryptedSecret TPM2B_ENCRYPTED_SECRET
 */
public record GivenCredential(
    ByteString id, ByteString blob, ByteString encryptedSecret, Duration validFor) {}
