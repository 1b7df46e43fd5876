/** Makes the enclave's fresh keys and the evidence that binds them. */
@NullMarked
package io.parley.shim.attest;

import org.jspecify.annotations.NullMarked;
