package io.parley.seal;

import com.google.protobuf.ByteString;
import io.parley.wire.Reason;

/**
 * What a sealed key is bound to: HPKE's {@code info} and {@code aad} (RFC 9180 section 8.1). A key
 * that was sealed under one binding does not open under any other. Made by {@link Bindings}.
 *
 * @param refusal the reason with which an opening that fails is refused
 */
public record Binding(ByteString info, ByteString aad, Reason refusal) {}
