/** Tests of the command. */
@NullMarked
package io.parley.peer.cli;

import org.jspecify.annotations.NullMarked;
