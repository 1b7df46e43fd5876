/** TPM 2.0 quotes: read, checked, and their key bound to a vendor's certificate. */
@NullMarked
package io.parley.broker.evidence.tpm2;

import org.jspecify.annotations.NullMarked;
