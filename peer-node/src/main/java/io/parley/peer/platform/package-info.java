/** What vouches for a node's enclaves: how they are measured, and who signs that they are. */
@NullMarked
package io.parley.peer.platform;

import org.jspecify.annotations.NullMarked;
