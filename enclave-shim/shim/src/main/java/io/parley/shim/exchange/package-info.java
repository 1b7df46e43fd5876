/** Moves datasets between enclaves: sends what the agreement lets go, takes in what others send. */
@NullMarked
package io.parley.shim.exchange;

import org.jspecify.annotations.NullMarked;
