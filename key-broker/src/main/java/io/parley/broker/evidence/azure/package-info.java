/** Azure's confidential machines: a processor's report that vouches for a virtual TPM. */
@NullMarked
package io.parley.broker.evidence.azure;

import org.jspecify.annotations.NullMarked;
