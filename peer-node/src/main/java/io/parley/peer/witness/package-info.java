/**
 * This party's witness: follows the broker's log of decisions, cosigns its checkpoints, and finds
 * out when it is set back or forked.
 */
@NullMarked
package io.parley.peer.witness;

import org.jspecify.annotations.NullMarked;
