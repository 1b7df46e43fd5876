/**
 * Sealed result files: written by enclaves, fetched from peers, read by clients, deleted in time.
 */
@NullMarked
package io.parley.peer.results;

import org.jspecify.annotations.NullMarked;
