/** A party's host process: put together in one place, started from one class. */
@NullMarked
package io.parley.peer;

import org.jspecify.annotations.NullMarked;
