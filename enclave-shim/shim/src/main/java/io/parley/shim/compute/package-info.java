/** Runs the app on complete inputs and says why it failed. */
@NullMarked
package io.parley.shim.compute;

import org.jspecify.annotations.NullMarked;
