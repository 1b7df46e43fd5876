/** Starts enclaves: the sandbox, what goes into it, and its end. */
@NullMarked
package io.parley.peer.enclaves;

import org.jspecify.annotations.NullMarked;
