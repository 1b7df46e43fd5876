package io.parley.shim.host;

import com.google.protobuf.ByteString;
import java.time.Duration;

/**
 * What the host asks for. Nothing in it is trusted: the agreement is when its signatures hold, the
 * job when the broker knows its digest.
 *
 * @param agreement bytes of the signed envelope
 * @param jobSpec exact bytes
 * @param evidenceKind to ask the platform for
 * @param memoryLimitBytes that the whole enclave may use
 * @param timeout after which the shim gives up by itself
 */
public record JobOrder(
    ByteString agreement,
    ByteString jobSpec,
    String party,
    String evidenceKind,
    long memoryLimitBytes,
    Duration timeout) {}
