/** What an enclave says about itself, in exact bytes, and what those bytes are bound to. */
@NullMarked
package io.parley.evidence;

import org.jspecify.annotations.NullMarked;
