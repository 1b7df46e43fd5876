package io.parley.broker.keys;

import com.google.protobuf.ByteString;

/** A data key as it is stored: it opens under its own name, with the KEK of its agreement. */
public record WrappedKey(KeyName name, ByteString bytes) {}
