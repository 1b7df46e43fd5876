/** Intel TDX quotes: read, and checked with Intel's certificates and collateral. */
@NullMarked
package io.parley.broker.evidence.tdx;

import org.jspecify.annotations.NullMarked;
