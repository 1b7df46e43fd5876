package io.parley.broker.release;

import com.google.protobuf.ByteString;
import io.parley.tlog.InclusionProof;

/**
 * A receipt, and that it is in the log.
 *
 * @param envelope bytes of the DSSE envelope
 * @param proof of the entry that names the receipt's digest
 */
public record LoggedReceipt(ByteString envelope, InclusionProof proof) {}
