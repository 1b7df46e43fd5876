/** The app, as a child process behind a wall of its own: it shares no memory with keys. */
@NullMarked
package io.parley.shim.child;

import org.jspecify.annotations.NullMarked;
