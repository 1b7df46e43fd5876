/** Verification gates: owners' sets, which one an enclave gets, and whether its outcome counts. */
@NullMarked
package io.parley.broker.gates;

import org.jspecify.annotations.NullMarked;
