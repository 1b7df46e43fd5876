package io.parley.broker.cli;

import com.google.protobuf.ByteString;

/** What belongs to a TPM's quote and came in files of its own. */
record QuoteParts(ByteString signature, ByteString pcrs, ByteString key) {}
