/**
 * Reads, checks and writes Arrow IPC at the level of its buffers: no value is ever decoded, and no
 * memory outside the JVM's checks is touched, because the bytes come from others.
 */
@NullMarked
package io.parley.shim.arrow;

import org.jspecify.annotations.NullMarked;
