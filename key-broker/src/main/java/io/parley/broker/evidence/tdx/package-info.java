/**
 * Quotes of Intel's, of TDX and SGX: read, and checked with Intel's certificates and collateral.
 */
@NullMarked
package io.parley.broker.evidence.tdx;

import org.jspecify.annotations.NullMarked;
