package io.parley.shim.gate;

import com.google.protobuf.ByteString;
import io.parley.gate.VerificationSet;
import io.parley.seal.HpkePublicKey;

/**
 * A gate that the broker ordered, checked and opened.
 *
 * @param draw what proves that this enclave opened it
 * @param brokerKey findings are sealed to it
 */
public record OrderedGate(VerificationSet set, ByteString draw, HpkePublicKey brokerKey) {}
