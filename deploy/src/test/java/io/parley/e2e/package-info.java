/** The whole thing, as processes, the way its users run it. */
@NullMarked
package io.parley.e2e;

import org.jspecify.annotations.NullMarked;
