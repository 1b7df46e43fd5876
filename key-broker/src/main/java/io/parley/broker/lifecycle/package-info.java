/** Rotating, retiring, revoking and destroying keys, on the word of who may. */
@NullMarked
package io.parley.broker.lifecycle;

import org.jspecify.annotations.NullMarked;
