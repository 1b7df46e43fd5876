/** Puts together what vouches for a node's enclaves, as its configuration names it. */
@NullMarked
package io.parley.peer.platform.kinds;

import org.jspecify.annotations.NullMarked;
