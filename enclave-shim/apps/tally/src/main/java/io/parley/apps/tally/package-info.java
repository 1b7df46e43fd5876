/** Ballots that many providers keep in chains of hashes, and their count. */
@NullMarked
package io.parley.apps.tally;

import org.jspecify.annotations.NullMarked;
