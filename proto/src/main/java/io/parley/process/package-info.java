/** What our server processes have in common: how they say that they serve, when they end. */
@NullMarked
package io.parley.process;

import org.jspecify.annotations.NullMarked;
