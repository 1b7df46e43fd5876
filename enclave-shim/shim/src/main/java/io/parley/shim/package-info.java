/** The supervisor inside the enclave: one job, from evidence to receipt, and then it is gone. */
@NullMarked
package io.parley.shim;

import org.jspecify.annotations.NullMarked;
