/** Limits and error reasons that every part shares. */
@NullMarked
package io.parley.wire;

import org.jspecify.annotations.NullMarked;
