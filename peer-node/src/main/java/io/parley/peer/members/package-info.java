/**
 * Who is in the consortium: the chain of signed membership lists, how a party gets into it and out
 * of it, and how a node that was away catches up.
 */
@NullMarked
package io.parley.peer.members;

import org.jspecify.annotations.NullMarked;
