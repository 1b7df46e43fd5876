/** Runs the apps of a chain one after the other, each on what it may read and nothing else. */
@NullMarked
package io.parley.shim.chain;

import org.jspecify.annotations.NullMarked;
