/** Gets the job's data keys from the broker, and trusts no answer but the pinned broker's. */
@NullMarked
package io.parley.shim.keys;

import org.jspecify.annotations.NullMarked;
