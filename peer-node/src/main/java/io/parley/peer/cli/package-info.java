/**
 * The {@code parley} command: what a person or a script asks of a party's home, node and broker.
 */
@NullMarked
package io.parley.peer.cli;

import org.jspecify.annotations.NullMarked;
