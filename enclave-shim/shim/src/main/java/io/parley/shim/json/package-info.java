/** Reads and writes the little JSON that an app and its shim exchange, without a library. */
@NullMarked
package io.parley.shim.json;

import org.jspecify.annotations.NullMarked;
