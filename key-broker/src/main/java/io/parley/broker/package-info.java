/** The key broker's process: its command and its wiring. */
@NullMarked
package io.parley.broker;

import org.jspecify.annotations.NullMarked;
