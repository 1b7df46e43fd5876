/** Runs the app on an owner's verification data, and compares what comes out. */
@NullMarked
package io.parley.shim.gate;

import org.jspecify.annotations.NullMarked;
