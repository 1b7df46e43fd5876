/** Tests of the witness, and a broker's log in memory for others. */
@NullMarked
package io.parley.peer.witness;

import org.jspecify.annotations.NullMarked;
