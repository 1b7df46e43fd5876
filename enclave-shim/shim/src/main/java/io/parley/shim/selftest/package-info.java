/** What the shim finds out about its surroundings before it asks for a key. */
@NullMarked
package io.parley.shim.selftest;

import org.jspecify.annotations.NullMarked;
